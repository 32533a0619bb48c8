-- One row per customer, currency and bucket with something owed net, and the rate that is provided for: the customer's
-- own where a rule of the policy takes it out of the matrix, but never less than that of its portfolio and bucket: who
-- is looked at alone is looked at for what speaks against him.
-- materialise: table
WITH owed AS (
    SELECT
        company_id,
        account_id,
        currency,
        bucket,
        SUM(net_amount) AS exposure
    FROM open_item
    GROUP BY company_id, account_id, currency, bucket
    HAVING SUM(net_amount) > 0
),

specific AS (
    SELECT
        r.company_id,
        r.account_id,
        r.rule_id,
        s.rate
    FROM rule_match AS r
    INNER JOIN policy.specific_rate AS s ON r.rule_id = s.rule_id
    WHERE r.decision = 'specific' AND r.place = 1
)

SELECT
    o.company_id,
    o.account_id,
    f.portfolio,
    o.currency,
    o.bucket,
    o.exposure,
    s.rule_id,
    CAST(GREATEST(COALESCE(s.rate, 0), l.applied_rate) AS DECIMAL(18, 15)) AS applied_rate
FROM owed AS o
INNER JOIN account_member AS m ON o.company_id = m.company_id AND o.account_id = m.account_id
INNER JOIN policy.portfolio AS f ON m.segment = f.segment
INNER JOIN loss_rate AS l
    ON o.company_id = l.company_id AND f.portfolio = l.portfolio AND o.bucket = l.bucket
LEFT JOIN specific AS s ON o.company_id = s.company_id AND o.account_id = s.account_id
