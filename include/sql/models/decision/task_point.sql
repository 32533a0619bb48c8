-- One row per task and reason; the points of its reasons add up to the task's points.
-- materialise: table
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.kind' AS rule_id,
    n.kind_points AS points,
    n.kind AS fact,
    NULL AS threshold
FROM task_candidate AS n
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.stage' AS rule_id,
    t.points,
    n.stage AS fact,
    n.stage AS threshold
FROM task_candidate AS n
INNER JOIN policy.task_stage AS t ON n.stage = t.stage
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.grade' AS rule_id,
    t.points,
    n.risk_grade AS fact,
    n.risk_grade AS threshold
FROM task_candidate AS n
INNER JOIN policy.task_grade AS t ON n.risk_grade = t.grade
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.amount' AS rule_id,
    COALESCE(t.points, p.unknown_amount_points) AS points,
    CAST(CAST(n.ask_functional AS DECIMAL(18, 4)) AS VARCHAR) AS fact,
    COALESCE(t.threshold, 'no exchange rate') AS threshold
FROM task_candidate AS n
CROSS JOIN policy.task_parameter AS p
LEFT JOIN policy.task_amount AS t
    ON
        n.ask_functional IS NOT NULL
        AND (t.over IS NULL OR n.ask_functional > t.over)
        AND (t.up_to IS NULL OR n.ask_functional <= t.up_to)
WHERE n.ask_amount IS NOT NULL
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.waiting' AS rule_id,
    t.points,
    CAST(DATE_DIFF('day', y.first_listed_on, $business_date) AS VARCHAR) AS fact,
    t.threshold
FROM task_candidate AS n
INNER JOIN task_before AS y ON n.task_id = y.task_id
INNER JOIN policy.task_waiting AS t
    ON
        (t.over IS NULL OR DATE_DIFF('day', y.first_listed_on, $business_date) > t.over)
        AND (t.up_to IS NULL OR DATE_DIFF('day', y.first_listed_on, $business_date) <= t.up_to)
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.untouched' AS rule_id,
    t.points,
    CAST(n.days_untouched AS VARCHAR) AS fact,
    t.threshold
FROM task_candidate AS n
INNER JOIN policy.task_untouched AS t
    ON
        (t.over IS NULL OR n.days_untouched > t.over)
        AND (t.up_to IS NULL OR n.days_untouched <= t.up_to)
WHERE n.is_contact
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.task_id,
    'task.best_day' AS rule_id,
    p.best_day_points AS points,
    d.reason_id AS fact,
    NULL AS threshold
FROM task_candidate AS n
INNER JOIN best_day AS d ON n.company_id = d.company_id AND n.account_id = d.account_id
CROSS JOIN policy.task_parameter AS p
WHERE n.is_contact AND d.act_on = $business_date AND d.for_on IS NOT NULL
