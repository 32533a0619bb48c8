SELECT
    f.flag,
    COUNT(*) FILTER (WHERE f.state = 'active') AS active,
    COUNT(*) FILTER (WHERE f.state IN ('proposed', 'approved')) AS waiting,
    COUNT(*) FILTER (WHERE f.state = 'released') AS released,
    SUM(s.overdue_functional) FILTER (WHERE f.state = 'active') AS overdue
FROM night.account_flag AS f
INNER JOIN night.account_status AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
WHERE f.company_id = $company
GROUP BY f.flag
ORDER BY f.flag
