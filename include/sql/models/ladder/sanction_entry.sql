-- One row per account and sanction with a reason to be there: the first entry rule that holds, a person's wish that it
-- be proposed, or insolvency, which leads to legal alone (rule 13). Exempted segments and accounts have none.
-- materialise: table
WITH cause AS (
    SELECT
        m.company_id,
        m.account_id,
        m.outcome AS flag,
        m.rule_id,
        m.threshold,
        'policy:' || i.policy_version AS proposed_by,
        2 AS place
    FROM rule_match AS m
    CROSS JOIN policy.identity AS i
    INNER JOIN account_fact AS f ON m.company_id = f.company_id AND m.account_id = f.account_id
    LEFT JOIN policy.exemption AS x ON f.variant = x.variant AND f.segment = x.segment AND m.outcome = x.flag
    WHERE m.decision = 'flag:' || m.outcome AND m.place = 1 AND NOT f.is_insolvent AND x.flag IS NULL
    UNION ALL
    SELECT
        o.company_id,
        o.account_id,
        o.flag,
        'override.impose' AS rule_id,
        'override ' || o.override_id || ' until ' || CAST(o.expires_on AS VARCHAR) AS threshold,
        o.author AS proposed_by,
        1 AS place
    FROM override_in_force AS o
    INNER JOIN account_fact AS f ON o.company_id = f.company_id AND o.account_id = f.account_id
    WHERE o.effect = 'impose' AND f.oldest_due_on IS NOT NULL AND NOT f.is_insolvent
    UNION ALL
    SELECT
        f.company_id,
        f.account_id,
        'legal_referral' AS flag,
        'legal_referral.insolvent' AS rule_id,
        'insolvent with money open' AS threshold,
        'policy:' || i.policy_version AS proposed_by,
        1 AS place
    FROM account_fact AS f
    CROSS JOIN policy.identity AS i
    WHERE f.is_insolvent AND f.has_balance
),

ranked AS (
    SELECT
        c.*,
        ROW_NUMBER() OVER (PARTITION BY c.company_id, c.account_id, c.flag ORDER BY c.place) AS choice
    FROM cause AS c
    LEFT JOIN override_in_force AS o
        ON
            c.company_id = o.company_id
            AND c.account_id = o.account_id
            AND c.flag = o.flag
            AND o.effect IN ('exempt', 'accept_promise')
    WHERE o.flag IS NULL
)

SELECT
    company_id,
    account_id,
    flag,
    rule_id,
    threshold,
    proposed_by
FROM ranked
WHERE choice = 1
