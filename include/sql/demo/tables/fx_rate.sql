-- Every pair of the three currencies, each weekday.
WITH day AS (
    SELECT CAST(getvariable('start') + CAST(i AS INTEGER) AS DATE) AS on_date
    FROM range(-7, getvariable('through') - getvariable('start') + 1) AS t (i)
)

SELECT
    day.on_date,
    a.currency AS from_currency,
    b.currency AS to_currency,
    CAST(yuan(a.currency, day.on_date) / yuan(b.currency, day.on_date) AS DECIMAL(18, 8)) AS rate
FROM day
CROSS JOIN (VALUES ('CNY'), ('USD'), ('GBP')) AS a (currency)
CROSS JOIN (VALUES ('CNY'), ('USD'), ('GBP')) AS b (currency)
WHERE a.currency <> b.currency AND isodow(day.on_date) < 6
