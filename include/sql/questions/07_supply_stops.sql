-- Which customers are not supplied, or may soon not be, since when, and why?
-- 哪些客户已停止供货或即将停供，从何时起，因为什么？
SELECT
    a.name,
    f.state,
    f.since,
    f.reason,
    f.decided_by
FROM (
    SELECT *
    FROM account_flag
    WHERE business_date = $business_date AND flag = 'stop_supply' AND state IN ('active', 'approved', 'proposed')
    ORDER BY state, since, account_id
    LIMIT 10
) AS f
INNER JOIN account AS a USING (business_date, company_id, account_id)
WHERE a.business_date = $business_date
ORDER BY f.state, f.since, f.account_id
