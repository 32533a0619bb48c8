SELECT
    company_id,
    name,
    functional_currency
FROM night.company
ORDER BY company_id
