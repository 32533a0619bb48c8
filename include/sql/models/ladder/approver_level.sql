-- One row per rep and active superior: 1 is the nearest. People who left are passed over.
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
)

SELECT
    b.rep_id,
    b.boss_id AS approver_id,
    ROW_NUMBER() OVER (PARTITION BY b.rep_id ORDER BY b.hops) AS level,
    COUNT(*) OVER (PARTITION BY b.rep_id) AS levels
FROM boss AS b
INNER JOIN ledger.rep AS r ON b.boss_id = r.rep_id
WHERE COALESCE(r.is_active, TRUE) AND b.boss_id <> b.rep_id
