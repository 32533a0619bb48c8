-- One row per account: score, grade, and how often the grade has worsened since it last improved.
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
    f.variant,
    s.risk_score,
    g.grade AS risk_grade,
    g.threshold,
    y.risk_grade AS risk_grade_previous,
    CASE
        WHEN y.risk_grade IS NULL OR g.grade < y.risk_grade THEN 0
        WHEN g.grade > y.risk_grade THEN COALESCE(y.grade_worsened_times, 0) + 1
        ELSE COALESCE(y.grade_worsened_times, 0)
    END AS grade_worsened_times
FROM account_fact AS f
INNER JOIN score AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
INNER JOIN policy.grade AS g
    ON
        f.variant = g.variant
        AND (g.over IS NULL OR s.risk_score > g.over)
        AND (g.up_to IS NULL OR s.risk_score <= g.up_to)
LEFT JOIN previous.account_status AS y ON f.company_id = y.company_id AND f.account_id = y.account_id
