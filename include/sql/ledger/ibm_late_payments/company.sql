-- One row: the company that owns all invoices.
SELECT
    'IBM-SAMPLE' AS company_id,
    'IBM sample company' AS name,
    'USD' AS functional_currency,
    'America/New_York' AS timezone,
    'US' AS calendar
