-- One row per proposed sanction that somebody may approve: the nearest superior of the rep in charge who is high
-- enough and did not propose it. Where the ladder of superiors ends earlier its top decides, but never the rep's own
-- manager for a segment that needs the level above (rule 14).
-- materialise: table
WITH asked AS (
    SELECT
        c.company_id,
        c.account_id,
        c.flag,
        c.rep_id,
        c.proposed_by,
        CASE WHEN a.segment IS NULL THEN s.levels_up ELSE GREATEST(s.levels_up, 2) END AS levels_up,
        CASE WHEN a.segment IS NULL THEN 1 ELSE 2 END AS lowest_level
    FROM flag_candidate AS c
    INNER JOIN policy.sanction AS s ON c.variant = s.variant AND c.flag = s.flag
    LEFT JOIN policy.level_above AS a ON c.variant = a.variant AND c.segment = a.segment
    WHERE c.state = 'proposed'
),

able AS (
    SELECT
        q.company_id,
        q.account_id,
        q.flag,
        l.approver_id,
        ROW_NUMBER() OVER (PARTITION BY q.company_id, q.account_id, q.flag ORDER BY l.level) AS choice
    FROM asked AS q
    INNER JOIN approver_level AS l
        ON
            q.rep_id = l.rep_id
            AND l.level >= GREATEST(LEAST(q.levels_up, l.levels), q.lowest_level)
            AND q.proposed_by <> l.approver_id
)

SELECT
    company_id,
    account_id,
    flag,
    approver_id
FROM able
WHERE choice = 1
