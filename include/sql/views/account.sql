-- Customers of the ledger (客户), one row per business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.name,
    r.segment,
    r.orientation,
    r.rep_id,
    r.status,
    r.country,
    r.parent_account_id,
    r.as_of
FROM store.published AS p
INNER JOIN store.account AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
