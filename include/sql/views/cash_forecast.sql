-- Expected receipts by week (回款预测), and what came of earlier forecasts.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.currency,
    r.made_on,
    r.week_from,
    r.component,
    r.expected,
    r.actual,
    r.is_final,
    r.as_of
FROM store.published AS p
INNER JOIN store.cash_forecast AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
