SELECT
    f.flag,
    COUNT(*) FILTER (WHERE f.state = 'active') AS active,
    COUNT(*) FILTER (WHERE f.state IN ('proposed', 'approved')) AS waiting,
    COUNT(*) FILTER (WHERE f.state = 'released') AS released,
    CASE
        WHEN COUNT(*) FILTER (WHERE f.state = 'active' AND s.overdue_functional IS NULL) = 0
            THEN SUM(s.overdue_functional) FILTER (WHERE f.state = 'active')
    END AS overdue
FROM night.account_flag AS f
INNER JOIN night.account_status AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
WHERE f.company_id = $company
GROUP BY f.flag
ORDER BY f.flag
