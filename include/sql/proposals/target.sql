-- One row per account and currency: what may be expected to come in during the month after that of the close of books
-- (下月回款目标建议), from what is open at the close: promises on their day, the rest by the payment curve of the forecast.
-- Weeks of the curve count from the close of books, as they were learnt; one that the month cuts counts by its days.
WITH month AS (
    SELECT
        CAST(DATE_TRUNC('month', $as_of) + INTERVAL 1 MONTH AS DATE) AS month_from,
        CAST(DATE_TRUNC('month', $as_of) + INTERVAL 2 MONTH - INTERVAL 1 DAY AS DATE) AS month_to
),

span AS (
    SELECT
        month_from,
        DATE_DIFF('day', $as_of, month_from) AS first_day,
        DATE_DIFF('day', $as_of, month_to) AS last_day
    FROM month
),

week AS (
    SELECT
        w.place,
        CAST(
            GREATEST(LEAST(w.place * 7, s.last_day) - GREATEST(w.place * 7 - 6, s.first_day) + 1, 0) AS DECIMAL(9, 0)
        ) AS days
    FROM policy.forecast_week AS w
    CROSS JOIN span AS s
),

curve AS (
    SELECT
        c.company_id,
        c.band,
        SUM(c.share * w.days) AS weighted_days
    FROM payment_curve AS c
    INNER JOIN week AS w ON c.place = w.place
    GROUP BY c.company_id, c.band
),

part AS (
    SELECT
        p.company_id,
        p.account_id,
        p.currency,
        CAST(p.expected AS DECIMAL(28, 8)) AS expected
    FROM promise_expected AS p
    INNER JOIN promise_status AS s ON p.company_id = s.company_id AND p.promise_id = s.promise_id
    CROSS JOIN month AS m
    WHERE GREATEST(s.promised_for, $business_date) BETWEEN m.month_from AND m.month_to
    UNION ALL
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        CAST(
            CASE
                WHEN c.band IS NOT NULL THEN CAST(i.amount AS DECIMAL(24, 8)) * c.weighted_days / 7
                WHEN GREATEST(-i.days_since, 1) BETWEEN s.first_day AND s.last_day THEN i.amount
                ELSE 0
            END AS DECIMAL(28, 8)
        ) AS expected
    FROM unpromised_item AS i
    CROSS JOIN span AS s
    LEFT JOIN curve AS c ON i.company_id = c.company_id AND i.band = c.band
),

rounded AS (
    SELECT
        p.company_id,
        p.account_id,
        p.currency,
        CASE MAX(u.minor_units)
            WHEN 0 THEN CAST(ROUND(SUM(p.expected), 0) AS DECIMAL(18, 4))
            WHEN 3 THEN CAST(ROUND(SUM(p.expected), 3) AS DECIMAL(18, 4))
            WHEN 4 THEN CAST(ROUND(SUM(p.expected), 4) AS DECIMAL(18, 4))
            ELSE CAST(ROUND(SUM(p.expected), 2) AS DECIMAL(18, 4))
        END AS amount
    FROM part AS p
    LEFT JOIN policy.currency AS u ON p.currency = u.currency
    GROUP BY p.company_id, p.account_id, p.currency
)

SELECT
    p.company_id,
    m.month_from AS month,
    p.account_id,
    p.currency,
    p.amount,
    FALSE AS is_agreed,
    COALESCE(a.rep_id, '') AS rep_id
FROM rounded AS p
CROSS JOIN month AS m
INNER JOIN ledger.account AS a ON p.company_id = a.company_id AND p.account_id = a.account_id
WHERE p.amount > 0
ORDER BY p.company_id, COALESCE(a.rep_id, ''), p.account_id, p.currency
