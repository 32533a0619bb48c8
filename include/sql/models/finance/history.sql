-- One row per scope that ever sold: the first day of the month of its first sale. What it took over from older books
-- tells nothing about the sales before.
-- materialise: table
SELECT
    company_id,
    dimension,
    member,
    currency,
    is_total,
    CAST(DATE_TRUNC('month', MIN(on_date)) AS DATE) AS begins_on
FROM scope_flow
WHERE sales > 0
GROUP BY company_id, dimension, member, currency, is_total
