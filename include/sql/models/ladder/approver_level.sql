-- One row per rep and superior who may decide: 1 is the nearest. People who left are passed over, and so is who leads
-- but has the role of a rep (referrals/people.py holds the same roles). Each stands once, at the nearest place: who is
-- the own manager, as the head of a company often is, is not the level above themselves.
-- materialise: table
WITH RECURSIVE boss AS (
    SELECT
        rep_id,
        manager_id AS boss_id,
        1 AS hops
    FROM ledger.rep
    WHERE manager_id IS NOT NULL
    UNION
    SELECT
        b.rep_id,
        r.manager_id AS boss_id,
        b.hops + 1 AS hops
    FROM boss AS b
    INNER JOIN ledger.rep AS r ON b.boss_id = r.rep_id
    WHERE
        r.manager_id IS NOT NULL
        AND b.hops < (SELECT COUNT(*) FROM ledger.rep)
),

nearest AS (
    SELECT
        rep_id,
        boss_id,
        MIN(hops) AS hops
    FROM boss
    WHERE boss_id <> rep_id
    GROUP BY rep_id, boss_id
)

SELECT
    b.rep_id,
    b.boss_id AS approver_id,
    ROW_NUMBER() OVER (PARTITION BY b.rep_id ORDER BY b.hops, b.boss_id) AS level,
    COUNT(*) OVER (PARTITION BY b.rep_id) AS levels
FROM nearest AS b
INNER JOIN ledger.rep AS r ON b.boss_id = r.rep_id
WHERE COALESCE(r.is_active, TRUE) AND r.role IN ('manager', 'finance', 'legal')
