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
    company_id,
    account_id,
    'risk_grade' AS decision,
    'risk.grade' AS rule_id,
    TO_JSON(
        STRUCT_PACK(
            risk_score := risk_score, previous := risk_grade_previous, grade_worsened_times := grade_worsened_times
        )
    ) AS inputs,
    threshold,
    risk_grade AS outcome
FROM account_grade
UNION ALL
SELECT
    company_id,
    account_id,
    decision,
    rule_id,
    CAST(inputs AS JSON) AS inputs,
    threshold,
    outcome
FROM rule_reason
WHERE decision IN ('pattern', 'arrears_nature') OR decision LIKE 'warning:%'
UNION ALL
SELECT
    company_id,
    account_id,
    'ladder' AS decision,
    'ladder.' || COALESCE(next_step, 'end') AS rule_id,
    TO_JSON(
        STRUCT_PACK(reached_on := reached_on, evidence := evidence, next_step := next_step, next_on := next_on)
    ) AS inputs,
    next_threshold AS threshold,
    COALESCE(ladder_step, 'none') AS outcome
FROM ladder_position
UNION ALL
SELECT
    a.company_id,
    a.account_id,
    'flag:' || a.flag AS decision,
    a.reason AS rule_id,
    TO_JSON(
        STRUCT_PACK(
            was := a.was,
            choice := a.choice,
            evidence := a.evidence,
            evidence_on := a.evidence_on,
            exempt_by := a.exempt_by,
            is_held := a.is_held,
            facts := CAST(r.inputs AS JSON)
        )
    ) AS inputs,
    a.threshold,
    a.state AS outcome
FROM account_flag AS a
LEFT JOIN rule_reason AS r
    ON a.company_id = r.company_id AND a.account_id = r.account_id AND a.reason = r.rule_id
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
