-- What is different since the night before (昨日变化), one row per account and change.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.change,
    r.subject_id,
    r.currency,
    r.amount,
    r.rep_id,
    r.manager_id,
    r.as_of
FROM store.published AS p
INNER JOIN store.account_change AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
