-- People who collect, manage, account or litigate (业务员), one row per business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.rep_id,
    r.name,
    r.role,
    r.manager_id,
    r.is_active,
    r.as_of
FROM store.published AS p
INNER JOIN store.rep AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
