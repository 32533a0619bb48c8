-- One row per account with collectable items above tolerance: its worst stage, and the item that makes it (rule 8).
-- materialise: table
WITH counted AS (
    SELECT
        i.company_id,
        i.account_id,
        i.days_past_due,
        i.due_on
    FROM open_item AS i
    CROSS JOIN policy.parameter AS p
    LEFT JOIN policy.currency AS c ON i.currency = c.currency
    WHERE i.collectable_amount > COALESCE(c.tolerance, p.default_tolerance)
)

SELECT
    c.company_id,
    c.account_id,
    MAX(c.days_past_due) AS max_days_past_due,
    MIN(CASE WHEN c.days_past_due > 0 THEN c.due_on END) AS oldest_due_on
FROM counted AS c
GROUP BY c.company_id, c.account_id
