-- One row per account and rule that decides or warns: the facts it looked at, as a JSON object.
-- materialise: table
SELECT
    m.company_id,
    m.account_id,
    m.decision,
    m.rule_id,
    m.outcome,
    m.threshold,
    '{' || STRING_AGG(
        '"' || f.fact || '": ' || COALESCE(CAST(f.fact_value AS VARCHAR), 'null'), ', ' ORDER BY f.fact
    ) || '}' AS inputs
FROM rule_match AS m
INNER JOIN policy.rule_condition AS c ON m.variant = c.variant AND m.rule_id = c.rule_id
INNER JOIN rule_fact AS f ON m.company_id = f.company_id AND m.account_id = f.account_id AND c.fact = f.fact
WHERE m.place = 1
GROUP BY m.company_id, m.account_id, m.decision, m.rule_id, m.outcome, m.threshold
