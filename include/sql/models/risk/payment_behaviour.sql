-- One row per account that paid something in the window: amount-weighted days late, weights in functional currency.
-- Sums are exact decimals, so that the order of rows cannot change a digit; the cast leaves room for the product.
-- materialise: table
WITH paid AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(amount) AS amount,
        SUM(CAST(amount AS DECIMAL(28, 4)) * CAST(days_late AS DECIMAL(6, 0))) AS amount_days
    FROM payment_line
    GROUP BY company_id, account_id, currency
),

weighed AS (
    SELECT
        p.company_id,
        p.account_id,
        SUM(p.amount * r.rate) AS weight,
        SUM(p.amount_days * r.rate) AS weight_days
    FROM paid AS p
    INNER JOIN company_rate AS r ON p.company_id = r.company_id AND p.currency = r.currency
    GROUP BY p.company_id, p.account_id
)

SELECT
    company_id,
    account_id,
    CAST(ROUND(CAST(weight_days AS DOUBLE) / CAST(weight AS DOUBLE), 2) AS DECIMAL(9, 2)) AS days_late_weighted
FROM weighed
WHERE weight > 0
