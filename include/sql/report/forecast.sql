SELECT
    f.week_from,
    f.component,
    SUM(CAST(f.expected AS DECIMAL(28, 4)) * r.rate) AS expected,
    SUM(CAST(f.actual AS DECIMAL(28, 4)) * r.rate) AS actual
FROM night.cash_forecast AS f
INNER JOIN company_rate AS r ON f.company_id = r.company_id AND f.currency = r.currency
WHERE
    f.company_id = $company
    AND f.made_on = (
        SELECT MAX(n.made_on) FROM night.cash_forecast AS n
        WHERE n.company_id = $company
    )
GROUP BY f.week_from, f.component
ORDER BY f.week_from, f.component
