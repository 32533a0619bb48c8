-- One row per account and rule of which every condition holds, in the order of the policy; which one decides is said
-- where it decides.
-- materialise: table
WITH met AS (
    SELECT
        f.company_id,
        f.account_id,
        f.variant,
        c.rule_id,
        COUNT(*) AS conditions
    FROM rule_fact AS f
    INNER JOIN policy.rule_condition AS c
        ON
            f.variant = c.variant
            AND f.fact = c.fact
            AND c.is_unknown = (f.fact_value IS NULL)
            AND (c.is_unknown OR c.over IS NULL OR f.fact_value > c.over)
            AND (c.is_unknown OR c.up_to IS NULL OR f.fact_value <= c.up_to)
    GROUP BY f.company_id, f.account_id, f.variant, c.rule_id
)

SELECT
    m.company_id,
    m.account_id,
    m.variant,
    r.decision,
    r.rule_id,
    r.outcome,
    r.threshold,
    ROW_NUMBER() OVER (PARTITION BY m.company_id, m.account_id, r.decision ORDER BY r.place) AS place
FROM met AS m
INNER JOIN policy.rule AS r ON m.variant = r.variant AND m.rule_id = r.rule_id AND m.conditions = r.conditions
