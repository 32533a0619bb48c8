-- A target per month for every key, strategic and scripted customer and for one in eight of the others.
SELECT
    company_id,
    month_on AS month,
    account_id,
    currency,
    MONEY(100000 * CAST(CEIL(monthly_cents * SEASON(company_id, month_on) / 100000) AS BIGINT)) AS amount,
    U(n * 1000 + MONTH_NUMBER(month_on), 'agreed') < 0.55 AS is_agreed
FROM customer
CROSS JOIN calendar_month
WHERE is_character OR segment IN ('key', 'strategic') OR U(n, 'target') < 0.125
