-- One row per account and warning of the policy; `since` is kept while it shows night after night (预警).
-- materialise: table
SELECT
    m.company_id,
    m.account_id,
    m.outcome AS warning,
    COALESCE(y.since, $business_date) AS since,
    m.rule_id
FROM rule_match AS m
LEFT JOIN previous.early_warning AS y
    ON m.company_id = y.company_id AND m.account_id = y.account_id AND m.outcome = y.warning
WHERE m.decision = 'warning:' || m.outcome AND m.place = 1
