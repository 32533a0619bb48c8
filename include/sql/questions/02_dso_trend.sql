-- How did DSO move over the last months, against the best that terms allow?
-- 近几个月 DSO 如何变化，与信用期内的最佳值相比如何？
SELECT
    company_id,
    month,
    currency,
    dso_simple,
    dso_countback,
    bpdso
FROM metric_month_end
WHERE business_date = $business_date AND dimension = 'company' AND is_total
ORDER BY company_id ASC, month DESC
LIMIT 12
