-- Sanctions that ended last night and why (解除清单): supply these customers again this morning.
-- Always name the business date.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.flag,
    r.since,
    r.reason
FROM store.published AS p
INNER JOIN store.account_flag AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
WHERE r.state = 'released'
