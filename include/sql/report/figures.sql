SELECT
    name,
    closed_on,
    "window",
    value,
    note
FROM night.metric
WHERE company_id = $company AND dimension = 'company' AND is_total
ORDER BY name, "window", closed_on
