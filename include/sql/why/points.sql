-- Why each task has its points, as published.
SELECT
    SUBSTR(decision, 6) AS task_id,
    rule_id,
    JSON_EXTRACT_STRING(inputs, '$.fact') AS fact,
    threshold,
    CAST(outcome AS INTEGER) AS points
FROM published.decision_reason
WHERE decision LIKE 'task:%'
ORDER BY task_id ASC, points DESC, rule_id ASC
