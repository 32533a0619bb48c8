-- Who approves a company's statements: of those who may, whoever is the fewest steps, up and down again, from those in
-- charge of the company's accounts, on the average of the accounts; who is linked to none of them is farthest.
WITH candidate AS (
    SELECT
        rep_id,
        name,
        email
    FROM ledger.rep
    WHERE
        role = $role
        AND COALESCE(is_active, TRUE)
        AND TRIM(email) <> ''
        AND rep_id = COALESCE($named, rep_id)
),

above AS (
    SELECT
        rep_id,
        rep_id AS head_id,
        0 AS hops
    FROM ledger.rep
    UNION ALL
    SELECT
        rep_id,
        boss_id AS head_id,
        hops
    FROM superior
),

worker AS (
    SELECT
        rep_id,
        COUNT(*) AS accounts
    FROM ledger.account
    WHERE company_id = $company AND rep_id IS NOT NULL
    GROUP BY rep_id
),

apart AS (
    SELECT
        c.rep_id,
        w.rep_id AS worker_id,
        MIN(f.hops + w.hops) AS hops
    FROM candidate AS c
    INNER JOIN above AS f ON c.rep_id = f.rep_id
    INNER JOIN above AS w ON f.head_id = w.head_id
    GROUP BY c.rep_id, w.rep_id
),

near AS (
    SELECT
        c.rep_id,
        SUM(w.accounts * COALESCE(d.hops, (SELECT COUNT(*) FROM ledger.rep))) AS hops
    FROM candidate AS c
    CROSS JOIN worker AS w
    LEFT JOIN apart AS d ON c.rep_id = d.rep_id AND w.rep_id = d.worker_id
    GROUP BY c.rep_id
)

SELECT
    c.rep_id,
    c.name,
    c.email
FROM candidate AS c
LEFT JOIN near AS n ON c.rep_id = n.rep_id
ORDER BY n.hops NULLS LAST, c.rep_id
LIMIT 1
