-- One row per company of the ledger: its name and how its books are kept.
-- materialise: table
SELECT
    company_id,
    name,
    functional_currency,
    timezone,
    calendar
FROM ledger.company
