-- One row per account: where it stands this morning.
-- materialise: table
WITH score AS (
    SELECT
        company_id,
        account_id,
        SUM(points) AS risk_score
    FROM score_line
    GROUP BY company_id, account_id
)

SELECT
    f.company_id,
    f.account_id,
    f.rep_id,
    f.segment,
    d.stage,
    y.stage AS stage_previous,
    g.grade AS risk_grade,
    s.risk_score,
    NULL AS pattern,
    NULL AS arrears_nature,
    f.overdue_functional,
    f.exposure_functional,
    f.credit_limit,
    f.is_over_limit,
    f.oldest_due_on,
    NULL AS ladder_step,
    f.promise_level,
    NULL AS readiness_pct
FROM account_fact AS f
INNER JOIN score AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
INNER JOIN policy.day AS d ON f.stage_day = d.day
INNER JOIN policy.grade AS g
    ON (g.over IS NULL OR s.risk_score > g.over) AND (g.up_to IS NULL OR s.risk_score <= g.up_to)
LEFT JOIN previous.account_status AS y ON f.company_id = y.company_id AND f.account_id = y.account_id
