-- One row per account and sanction that a rule of the policy proposes; people approve (domain rules 12 and 14).
-- materialise: table
WITH matched AS (
    SELECT
        s.company_id,
        s.account_id,
        r.flag,
        r.rule_id,
        r.threshold,
        s.stage,
        s.overdue_functional,
        s.is_over_limit,
        ROW_NUMBER() OVER (PARTITION BY s.company_id, s.account_id, r.flag ORDER BY r.place) AS place
    FROM account_status AS s
    INNER JOIN policy.flag_rule AS r
        ON
            s.stage >= r.from_stage
            AND (r.over_overdue_functional IS NULL OR s.overdue_functional > r.over_overdue_functional)
            AND (NOT r.needs_over_limit OR s.is_over_limit)
)

SELECT
    m.company_id,
    m.account_id,
    m.flag,
    'proposed' AS state,
    COALESCE(CASE WHEN y.state = 'proposed' THEN y.since END, $business_date) AS since,
    NULL AS decided_by,
    NULL AS decided_at,
    m.rule_id AS reason,
    m.threshold,
    m.stage,
    m.overdue_functional,
    m.is_over_limit
FROM matched AS m
LEFT JOIN previous.account_flag AS y
    ON m.company_id = y.company_id AND m.account_id = y.account_id AND m.flag = y.flag
WHERE m.place = 1
