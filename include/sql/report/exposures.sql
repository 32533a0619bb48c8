-- Who owes in a currency without a rate has no amount to be ranked by: last, and counted.
SELECT
    a.name,
    s.account_id,
    r.name AS rep,
    s.exposure_functional,
    s.overdue_functional,
    DATE_DIFF('day', s.oldest_due_on, s.business_date) AS days_past_due,
    s.risk_grade,
    f.flags,
    COUNT(*) FILTER (WHERE s.exposure_functional IS NULL) OVER () AS unrated
FROM night.account_status AS s
INNER JOIN night.account AS a ON s.company_id = a.company_id AND s.account_id = a.account_id
LEFT JOIN night.rep AS r ON s.rep_id = r.rep_id
LEFT JOIN (
    SELECT
        company_id,
        account_id,
        STRING_AGG(flag, ',' ORDER BY flag) AS flags
    FROM night.account_flag
    WHERE state = 'active'
    GROUP BY company_id, account_id
) AS f ON s.company_id = f.company_id AND s.account_id = f.account_id
WHERE s.company_id = $company AND COALESCE(s.exposure_functional > 0, TRUE)
ORDER BY s.exposure_functional DESC NULLS LAST, s.account_id ASC
LIMIT $rows
