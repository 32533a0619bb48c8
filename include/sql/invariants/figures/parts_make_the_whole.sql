-- Root causes add up to what is overdue in their scope; what stood in a bucket is all found again a month later: in a
-- bucket, paid or written off.
WITH caused AS (
    SELECT
        scope,
        SUM(overdue_amount) AS amount
    FROM root_cause
    GROUP BY scope
),

found_again AS (
    SELECT
        scope,
        "window",
        from_bucket,
        from_amount,
        SUM(CASE WHEN to_bucket <> 'rolled' THEN amount ELSE 0 END) AS amount
    FROM roll_rate
    GROUP BY scope, "window", from_bucket, from_amount
)

SELECT
    m.scope,
    m.name AS part,
    m.value AS whole_amount,
    COALESCE(c.amount, 0) AS parts_amount
FROM metric AS m
LEFT JOIN caused AS c ON m.scope = c.scope
WHERE m.name = 'overdue_amount' AND m.closed_on = $as_of AND m.value <> COALESCE(c.amount, 0)
UNION ALL
SELECT
    scope,
    from_bucket AS part,
    from_amount AS whole_amount,
    amount AS parts_amount
FROM found_again
WHERE from_amount <> amount
