-- What became of the money that was 1–30 days late a month ago?
-- 一个月前逾期 1–30 天的款项，现在怎样了？
SELECT
    company_id,
    currency,
    to_bucket,
    amount,
    round(rate * 100, 2) AS rate_pct
FROM roll_rate
WHERE
    business_date = $business_date
    AND dimension = 'company'
    AND NOT is_total
    AND "window" = 'm1'
    AND from_bucket = 'd1_30'
ORDER BY company_id ASC, currency ASC, amount DESC, to_bucket ASC
