-- Every condition of every rule of the account's policy, in the order in which rules are read, with the fact as it is
-- and whether the condition is met (risk/rule_match.sql says the same for whole rules).
SELECT
    r.decision,
    r.place,
    r.rule_id,
    r.outcome,
    c.fact,
    c.over,
    c.up_to,
    c.is_unknown,
    f.fact_value,
    c.is_unknown = (f.fact_value IS NULL)
    AND (c.is_unknown OR c.over IS NULL OR f.fact_value > c.over)
    AND (c.is_unknown OR c.up_to IS NULL OR f.fact_value <= c.up_to) AS is_met
FROM account_scope AS s
INNER JOIN policy.rule AS r ON s.variant = r.variant
INNER JOIN policy.rule_condition AS c ON r.variant = c.variant AND r.rule_id = c.rule_id
LEFT JOIN rule_fact AS f ON s.company_id = f.company_id AND s.account_id = f.account_id AND c.fact = f.fact
ORDER BY r.place, c.fact
