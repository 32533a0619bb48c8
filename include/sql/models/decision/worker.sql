-- One row per person of the directory: who does that person's work today, and who is above (代班、交接).
-- A stand-in covers an absence while it lasts. Who has left, or is away without a stand-in who is there, is covered by
-- the nearest superior who is there, or whose stand-in is; nobody is above themselves by standing in. Where none is
-- there, the nearest who did not leave keeps it.
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
),

person AS (
    SELECT
        r.rep_id,
        CASE
            WHEN NOT COALESCE(r.is_active, TRUE) THEN 'left'
            WHEN s.rep_id IS NOT NULL THEN 'absent'
            ELSE 'there'
        END AS cause,
        s.covered_by,
        s.until_on
    FROM ledger.rep AS r
    LEFT JOIN stand_in AS s ON r.rep_id = s.rep_id
),

above AS (
    SELECT
        s.rep_id,
        COALESCE(NULLIF(p.covered_by, s.rep_id), p.rep_id) AS manager_id,
        ROW_NUMBER() OVER (
            PARTITION BY s.rep_id
            ORDER BY p.cause = 'absent' AND NULLIF(p.covered_by, s.rep_id) IS NULL, s.hops, s.boss_id
        ) AS place
    FROM superior AS s
    INNER JOIN person AS p ON s.boss_id = p.rep_id
    WHERE p.cause <> 'left'
)

SELECT
    p.rep_id,
    CASE p.cause WHEN 'there' THEN p.rep_id WHEN 'absent' THEN p.covered_by END AS own_rep_id,
    a.manager_id,
    p.cause,
    CASE WHEN p.cause = 'absent' THEN p.until_on END AS until_on
FROM person AS p
LEFT JOIN above AS a ON p.rep_id = a.rep_id AND a.place = 1
