-- One row per person of the directory: who does that person's work today, and who is above (代班、交接).
-- A stand-in covers an absence while it lasts. Who has left, or is away without a stand-in who is there, is covered by
-- the manager. A manager who is away is stood in for in the same way.
-- materialise: table
WITH absence AS (
    SELECT
        rep_id,
        covered_by,
        to_on
    FROM ledger.coverage
    WHERE from_on <= $business_date AND to_on >= $business_date AND covered_by <> rep_id
),

stand_in AS (
    SELECT
        a.rep_id,
        MIN(CASE WHEN x.rep_id IS NULL AND COALESCE(s.is_active, TRUE) THEN s.rep_id END) AS covered_by,
        MAX(a.to_on) AS until_on
    FROM absence AS a
    LEFT JOIN ledger.rep AS s ON a.covered_by = s.rep_id
    LEFT JOIN absence AS x ON a.covered_by = x.rep_id
    GROUP BY a.rep_id
)

SELECT
    r.rep_id,
    CASE
        WHEN COALESCE(r.is_active, TRUE) THEN COALESCE(s.covered_by, CASE WHEN s.rep_id IS NULL THEN r.rep_id END)
    END AS own_rep_id,
    COALESCE(t.covered_by, m.rep_id) AS manager_id,
    CASE
        WHEN NOT COALESCE(r.is_active, TRUE) THEN 'left'
        WHEN s.rep_id IS NOT NULL THEN 'absent'
        ELSE 'there'
    END AS cause,
    CASE WHEN COALESCE(r.is_active, TRUE) THEN s.until_on END AS until_on
FROM ledger.rep AS r
LEFT JOIN stand_in AS s ON r.rep_id = s.rep_id
LEFT JOIN ledger.rep AS m ON r.manager_id = m.rep_id AND COALESCE(m.is_active, TRUE)
LEFT JOIN stand_in AS t ON m.rep_id = t.rep_id
