-- One row per account: where it stands this morning.
-- materialise: table
SELECT
    f.company_id,
    f.account_id,
    f.rep_id,
    f.segment,
    d.stage,
    y.stage AS stage_previous,
    g.risk_grade,
    g.risk_score,
    p.outcome AS pattern,
    n.outcome AS arrears_nature,
    f.overdue_functional,
    f.exposure_functional,
    f.credit_limit,
    f.is_over_limit,
    f.oldest_due_on,
    l.ladder_step,
    f.promise_level,
    NULL AS readiness_pct,
    l.next_step AS ladder_next_step,
    l.next_on AS ladder_next_on,
    f.profile_pct,
    g.risk_grade_previous,
    g.grade_worsened_times
FROM account_fact AS f
INNER JOIN account_grade AS g ON f.company_id = g.company_id AND f.account_id = g.account_id
INNER JOIN policy.day AS d ON f.stage_day = d.day
LEFT JOIN ladder_position AS l ON f.company_id = l.company_id AND f.account_id = l.account_id
LEFT JOIN rule_match AS p
    ON f.company_id = p.company_id AND f.account_id = p.account_id AND p.decision = 'pattern' AND p.place = 1
LEFT JOIN rule_match AS n
    ON f.company_id = n.company_id AND f.account_id = n.account_id AND n.decision = 'arrears_nature' AND n.place = 1
LEFT JOIN previous.account_status AS y ON f.company_id = y.company_id AND f.account_id = y.account_id
