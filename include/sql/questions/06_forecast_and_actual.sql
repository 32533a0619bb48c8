-- What did we expect to receive, and what came?
-- 预测回款多少，实际到账多少？
SELECT
    company_id,
    currency,
    made_on,
    week_from,
    expected,
    actual,
    is_final
FROM cash_forecast
WHERE business_date = $business_date AND component = 'total' AND actual IS NOT NULL
ORDER BY company_id ASC, currency ASC, week_from DESC, made_on DESC
LIMIT 12
