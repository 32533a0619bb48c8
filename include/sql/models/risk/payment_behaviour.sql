-- One row per account that paid something in the long window: amount-weighted days late in three windows, their spread
-- and trend, and the shares paid late and in parts; weights in functional currency. Spread is the standard deviation.
-- Sums are exact decimals, so that the order of rows cannot change a digit; the casts leave room for the products.
-- materialise: table
WITH line AS (
    SELECT
        l.company_id,
        l.account_id,
        l.currency,
        l.is_part,
        l.days_late > 0 AS is_late,
        l.received_on > w.medium_from AS is_medium,
        l.received_on > w.short_from AS is_short,
        CAST(l.amount AS DECIMAL(28, 4)) AS amount,
        CAST(l.days_late AS DECIMAL(6, 0)) AS days_late
    FROM payment_line AS l
    CROSS JOIN policy.look_back AS w
),

paid AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(amount) AS amount,
        SUM(amount * days_late) AS amount_days,
        SUM(amount * CAST(days_late * days_late AS DECIMAL(10, 0))) AS amount_squares,
        SUM(amount) FILTER (WHERE is_late) AS late_amount,
        SUM(amount) FILTER (WHERE is_part) AS part_amount,
        SUM(amount) FILTER (WHERE is_medium) AS medium_amount,
        SUM(amount * days_late) FILTER (WHERE is_medium) AS medium_amount_days,
        SUM(amount) FILTER (WHERE is_short) AS short_amount,
        SUM(amount * days_late) FILTER (WHERE is_short) AS short_amount_days
    FROM line
    GROUP BY company_id, account_id, currency
),

weighed AS (
    SELECT
        p.company_id,
        p.account_id,
        CAST(SUM(p.amount * r.rate) AS DOUBLE) AS weight,
        CAST(SUM(p.amount_days * r.rate) AS DOUBLE) AS weight_days,
        CAST(SUM(p.amount_squares * r.rate) AS DOUBLE) AS weight_squares,
        CAST(COALESCE(SUM(p.late_amount * r.rate), 0) AS DOUBLE) AS late_weight,
        CAST(COALESCE(SUM(p.part_amount * r.rate), 0) AS DOUBLE) AS part_weight,
        CAST(NULLIF(SUM(p.medium_amount * r.rate), 0) AS DOUBLE) AS medium_weight,
        CAST(SUM(p.medium_amount_days * r.rate) AS DOUBLE) AS medium_weight_days,
        CAST(NULLIF(SUM(p.short_amount * r.rate), 0) AS DOUBLE) AS short_weight,
        CAST(SUM(p.short_amount_days * r.rate) AS DOUBLE) AS short_weight_days
    FROM paid AS p
    INNER JOIN company_rate AS r ON p.company_id = r.company_id AND p.currency = r.currency
    GROUP BY p.company_id, p.account_id
    HAVING SUM(p.amount * r.rate) > 0
)

SELECT
    company_id,
    account_id,
    CAST(ROUND(weight_days / weight, 2) AS DECIMAL(9, 2)) AS days_late_weighted,
    CAST(ROUND(medium_weight_days / medium_weight, 2) AS DECIMAL(9, 2)) AS days_late_medium,
    CAST(ROUND(short_weight_days / short_weight, 2) AS DECIMAL(9, 2)) AS days_late_short,
    CAST(
        ROUND(
            SQRT(GREATEST(weight_squares / weight - (weight_days / weight) * (weight_days / weight), 0)), 2
        ) AS DECIMAL(9, 2)
    ) AS days_late_spread,
    CAST(ROUND(short_weight_days / short_weight - weight_days / weight, 2) AS DECIMAL(9, 2)) AS days_late_trend,
    CAST(ROUND(100 * late_weight / weight, 2) AS DECIMAL(9, 2)) AS late_share_pct,
    CAST(ROUND(100 * part_weight / weight, 2) AS DECIMAL(9, 2)) AS part_payment_share_pct,
    CAST(ROUND(weight, 4) AS DECIMAL(18, 4)) AS paid_functional
FROM weighed
