SELECT
    a.name,
    a.bucket,
    a.value
FROM night.aging_summary AS a
INNER JOIN night.company AS c ON a.scope = 'company/' || c.company_id || '/total/' || c.functional_currency
WHERE c.company_id = $company
