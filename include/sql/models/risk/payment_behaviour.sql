-- One row per account that paid something in the window: amount-weighted days late, weights in functional currency.
-- Sums are exact decimals, so that the order of rows cannot change a digit.
-- materialise: table
WITH weighed AS (
    SELECT
        l.company_id,
        l.account_id,
        l.days_late,
        CAST(CAST(l.amount AS DECIMAL(18, 4)) * r.rate AS DECIMAL(18, 4)) AS weight
    FROM payment_line AS l
    INNER JOIN company_rate AS r ON l.company_id = r.company_id AND l.currency = r.currency
)

SELECT
    company_id,
    account_id,
    CAST(
        ROUND(
            CAST(SUM(weight * CAST(days_late AS DECIMAL(9, 0))) AS DOUBLE) / CAST(SUM(weight) AS DOUBLE), 2
        ) AS DECIMAL(9, 2)
    ) AS days_late_weighted
FROM weighed
GROUP BY company_id, account_id
HAVING SUM(weight) > 0
