SELECT
    from_bucket,
    to_bucket,
    from_amount,
    rate
FROM night.roll_rate
WHERE company_id = $company AND dimension = 'company' AND is_total AND "window" = 'm12'
