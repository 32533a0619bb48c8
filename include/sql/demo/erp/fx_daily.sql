SELECT
    COALESCE(STRFTIME(on_date, '%Y%m%d'), '00000000') AS rate_date,
    from_currency AS ccy_from,
    to_currency AS ccy_to,
    rate * 100 AS rate_100
FROM fx_rate
