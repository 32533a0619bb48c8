-- Why do customers not pay?
-- 客户为什么不付款？
SELECT
    company_id,
    cause,
    accounts,
    overdue_amount,
    currency,
    share_pct
FROM root_cause
WHERE business_date = $business_date AND dimension = 'company' AND is_total
ORDER BY company_id ASC, overdue_amount DESC
