-- A score is the sum of its reasons, and so are a task's points.
WITH r AS (
    SELECT
        company_id,
        account_id,
        SUM(CAST(outcome AS INTEGER)) AS points
    FROM decision_reason
    WHERE decision = 'risk_score'
    GROUP BY company_id, account_id
)

SELECT
    s.company_id,
    s.account_id,
    'risk_score' AS decision
FROM account_status AS s
LEFT JOIN r ON s.company_id = r.company_id AND s.account_id = r.account_id
WHERE r.points IS NULL OR r.points <> s.risk_score
UNION ALL
SELECT
    t.company_id,
    t.account_id,
    'task:' || t.task_id AS decision
FROM task AS t
LEFT JOIN (
    SELECT
        decision,
        SUM(CAST(outcome AS INTEGER)) AS points
    FROM decision_reason
    WHERE decision LIKE 'task:%'
    GROUP BY decision
) AS r ON 'task:' || t.task_id = r.decision
WHERE r.points IS NULL OR r.points <> t.points
