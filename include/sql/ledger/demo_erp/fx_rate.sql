SELECT
    CAST(STRPTIME(NULLIF(rate_date, '00000000'), '%Y%m%d') AS DATE) AS on_date,
    ccy_from AS from_currency,
    ccy_to AS to_currency,
    CAST(rate_100 * 0.01 AS DECIMAL(18, 8)) AS rate
FROM fx_daily
