-- Companies of the ledger (公司), one row per business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.name,
    r.functional_currency,
    r.timezone,
    r.calendar,
    r.as_of
FROM store.published AS p
INNER JOIN store.company AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
