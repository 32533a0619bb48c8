-- A target per month for every key, strategic and scripted customer and for one in eight of the others.
SELECT
    company_id,
    month_on AS month,
    account_id,
    currency,
    money(100000 * CAST(ceil(monthly_cents * season(company_id, month_on) / 100000) AS BIGINT)) AS amount,
    u(n * 1000 + month_number(month_on), 'agreed') < 0.55 AS is_agreed
FROM customer
CROSS JOIN (
    SELECT CAST(getvariable('start') + to_months(CAST(i AS INTEGER)) AS DATE) AS month_on
    FROM range(0, getvariable('months') + 1) AS t (i)
) AS m
WHERE is_character OR segment IN ('key', 'strategic') OR u(n, 'target') < 0.125
