-- Money and credits that belong to no invoice: deposits, and credit notes (rebates, 返利). One row per (n, month_no,
-- what).
-- Characters 8 (rebates) and 9 (pays in advance) get theirs regularly.
WITH chance AS (
    SELECT
        customer.n,
        customer.currency,
        customer.ticket_cents,
        customer.monthly_cents,
        customer.is_character,
        month.month_no,
        month.month_on,
        U(customer.n * 1000 + month.month_no, 'advance') AS r,
        U(customer.n * 1000 + month.month_no, 'advance day') AS r_day
    FROM customer
    CROSS JOIN calendar_month AS month
),

fact AS (
    SELECT
        n,
        month_no,
        currency,
        'deposit' AS what,
        CAST(WORKDAY(month_on + WHOLE(0, 27, r_day)) AS DATE) AS on_date,
        1000000 * CAST(CEIL(0.4 * ticket_cents / 1000000) AS BIGINT) AS cents
    FROM chance
    WHERE r < 0.0006 AND NOT is_character
    UNION ALL
    SELECT
        n,
        month_no,
        currency,
        'rebate' AS what,
        CAST(WORKDAY(month_on + WHOLE(0, 27, r_day)) AS DATE) AS on_date,
        CAST(CEIL(0.06 * ticket_cents) AS BIGINT) AS cents
    FROM chance
    WHERE r BETWEEN 0.0006 AND 0.0026 AND NOT is_character
    UNION ALL
    SELECT
        n,
        month_no,
        currency,
        'rebate' AS what,
        CAST(WORKDAY(month_on + 19) AS DATE) AS on_date,
        CAST(monthly_cents * 0.08 AS BIGINT) AS cents
    FROM chance
    WHERE n = 8 AND month_no % 3 = 0
    UNION ALL
    SELECT
        n,
        month_no,
        currency,
        'deposit' AS what,
        CAST(WORKDAY(month_on + 5) AS DATE) AS on_date,
        1000000 AS cents
    FROM chance
    WHERE n = 9
)

SELECT *
FROM fact
WHERE on_date <= GETVARIABLE('through')
