-- A currency that something is expected or came in of, and that has no rate, leaves no total at all (domain rule 6).
WITH latest AS (
    SELECT
        f.week_from,
        f.component,
        f.expected,
        f.actual,
        r.rate,
        COALESCE(r.rate IS NULL AND (f.expected <> 0 OR f.actual <> 0), FALSE) AS is_unrated
    FROM night.cash_forecast AS f
    LEFT JOIN company_rate AS r ON f.company_id = r.company_id AND f.currency = r.currency
    WHERE
        f.company_id = $company
        AND f.made_on = (
            SELECT MAX(n.made_on) FROM night.cash_forecast AS n
            WHERE n.company_id = $company
        )
),

known AS (
    SELECT COUNT(*) FILTER (WHERE is_unrated) = 0 AS is_whole
    FROM latest
)

SELECT
    f.week_from,
    f.component,
    CASE WHEN k.is_whole THEN SUM(CAST(f.expected AS DECIMAL(28, 4)) * COALESCE(f.rate, 0)) END AS expected,
    CASE WHEN k.is_whole THEN SUM(CAST(f.actual AS DECIMAL(28, 4)) * COALESCE(f.rate, 0)) END AS actual
FROM latest AS f
CROSS JOIN known AS k
GROUP BY f.week_from, f.component, k.is_whole
ORDER BY f.week_from, f.component
