-- One row per company, currency and week: what may be expected of all that no promise covers, by how such items were
-- paid before. Without such a history an item is expected whole in the week in which its customer usually pays.
-- Weeks of the payment curve begin on the day of the forecast, those of the forecast on Monday: one that lies in two
-- counts in each by its days.
-- materialise: table
WITH banded AS (
    SELECT
        company_id,
        currency,
        days_since,
        band,
        CAST(SUM(amount) AS DECIMAL(28, 4)) AS amount
    FROM unpromised_item
    GROUP BY company_id, currency, days_since, band
),

today AS (
    SELECT DATE_DIFF('day', monday, $business_date) AS weekday
    FROM policy.forecast_parameter
),

curve AS (
    SELECT
        c.company_id,
        c.band,
        c.place,
        CAST(
            CAST(
                c.share * (7 - t.weekday)
                + COALESCE(LAG(c.share) OVER (PARTITION BY c.company_id, c.band ORDER BY c.place), 0) * t.weekday
                AS DOUBLE
            ) / 7 AS DECIMAL(9, 8)
        ) AS share
    FROM payment_curve AS c
    CROSS JOIN today AS t
),

known AS (
    SELECT DISTINCT
        company_id,
        band
    FROM payment_curve
)

SELECT
    b.company_id,
    b.currency,
    w.place,
    CAST(
        SUM(
            b.amount * CASE
                WHEN k.band IS NOT NULL THEN c.share
                WHEN w.place = GREATEST(FLOOR((t.weekday - b.days_since - 1) / 7) + 1, 1) THEN 1
                ELSE 0
            END
        ) AS DECIMAL(28, 8)
    ) AS expected
FROM banded AS b
CROSS JOIN policy.forecast_week AS w
CROSS JOIN today AS t
LEFT JOIN known AS k ON b.company_id = k.company_id AND b.band = k.band
LEFT JOIN curve AS c ON b.company_id = c.company_id AND b.band = c.band AND w.place = c.place
GROUP BY b.company_id, b.currency, w.place
