-- Every pair of the three currencies, each weekday.
WITH day AS (
    SELECT CAST(GETVARIABLE('start') + CAST(i AS INTEGER) AS DATE) AS on_date
    FROM (SELECT UNNEST(RANGE(-7, GETVARIABLE('through') - GETVARIABLE('start') + 1)) AS i) AS counted
)

SELECT
    day.on_date,
    a.currency AS from_currency,
    b.currency AS to_currency,
    CAST(YUAN(a.currency, day.on_date) / YUAN(b.currency, day.on_date) AS DECIMAL(18, 8)) AS rate
FROM day
CROSS JOIN (VALUES ('CNY'), ('USD'), ('GBP')) AS a (currency)
CROSS JOIN (VALUES ('CNY'), ('USD'), ('GBP')) AS b (currency)
WHERE a.currency <> b.currency AND ISODOW(day.on_date) < 6
