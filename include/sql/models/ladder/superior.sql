-- One row per person and superior, however far above; each superior once, at the nearest place (1 is the own manager).
-- Who is the own manager, as the head of a company often is, is nobody's superior by that.
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
    rep_id,
    boss_id,
    MIN(hops) AS hops
FROM boss
WHERE boss_id <> rep_id
GROUP BY rep_id, boss_id
