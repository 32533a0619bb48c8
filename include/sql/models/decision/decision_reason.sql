-- One row per decision and rule: the facts looked at, the bound met, and what came out of it.
-- materialise: table
SELECT
    s.company_id,
    s.account_id,
    'stage' AS decision,
    'stage.days_past_due' AS rule_id,
    TO_JSON(STRUCT_PACK(days_past_due := f.days_past_due, oldest_due_on := f.oldest_due_on)) AS inputs,
    d.stage_threshold AS threshold,
    s.stage AS outcome
FROM account_status AS s
INNER JOIN account_fact AS f ON s.company_id = f.company_id AND s.account_id = f.account_id
INNER JOIN policy.day AS d ON f.stage_day = d.day
UNION ALL
SELECT
    company_id,
    account_id,
    'risk_score' AS decision,
    'risk.' || component AS rule_id,
    TO_JSON(STRUCT_PACK(fact := fact_value, state := state)) AS inputs,
    threshold,
    CAST(points AS VARCHAR) AS outcome
FROM score_line
UNION ALL
SELECT
    s.company_id,
    s.account_id,
    'risk_grade' AS decision,
    'risk.grade' AS rule_id,
    TO_JSON(STRUCT_PACK(risk_score := s.risk_score)) AS inputs,
    g.threshold,
    s.risk_grade AS outcome
FROM account_status AS s
INNER JOIN policy.grade AS g ON s.risk_grade = g.grade
UNION ALL
SELECT
    company_id,
    account_id,
    'flag:' || flag AS decision,
    reason AS rule_id,
    TO_JSON(
        STRUCT_PACK(stage := stage, overdue_functional := overdue_functional, is_over_limit := is_over_limit)
    ) AS inputs,
    threshold,
    state AS outcome
FROM account_flag
UNION ALL
SELECT
    company_id,
    account_id,
    'task:' || task_id AS decision,
    rule_id,
    TO_JSON(STRUCT_PACK(fact := fact)) AS inputs,
    threshold,
    CAST(points AS VARCHAR) AS outcome
FROM task_point
