-- One row per rep and superior who may decide: 1 is the nearest. People who left are passed over, and so is who leads
-- but has the role of a rep (referrals/people.py holds the same roles).
-- materialise: table
SELECT
    b.rep_id,
    b.boss_id AS approver_id,
    ROW_NUMBER() OVER (PARTITION BY b.rep_id ORDER BY b.hops, b.boss_id) AS level,
    COUNT(*) OVER (PARTITION BY b.rep_id) AS levels
FROM superior AS b
INNER JOIN ledger.rep AS r ON b.boss_id = r.rep_id
WHERE COALESCE(r.is_active, TRUE) AND r.role IN ('manager', 'finance', 'legal')
