-- One row per company, currency and week: what may be expected of all that no promise covers, by how such items were
-- paid before. Without such a history an item is expected whole in the week in which its customer usually pays.
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
                WHEN w.place = GREATEST(FLOOR((-b.days_since - 1) / 7) + 1, 1) THEN 1
                ELSE 0
            END
        ) AS DECIMAL(18, 4)
    ) AS expected
FROM banded AS b
CROSS JOIN policy.forecast_week AS w
LEFT JOIN known AS k ON b.company_id = k.company_id AND b.band = k.band
LEFT JOIN payment_curve AS c ON b.company_id = c.company_id AND b.band = c.band AND w.place = c.place
GROUP BY b.company_id, b.currency, w.place
