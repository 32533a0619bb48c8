-- One row per person of the ledger, whether still with us or not: figures of the past name those who have left.
-- materialise: table
SELECT
    rep_id,
    name,
    COALESCE(role, 'rep') AS role,
    manager_id,
    COALESCE(is_active, TRUE) AS is_active
FROM ledger.rep
