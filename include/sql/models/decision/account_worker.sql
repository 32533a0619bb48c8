-- One row per account: who works on it today, and why that is not the rep in charge (负责人、代班、交接).
-- An account without anyone in charge goes to the manager of most of the company's accounts.
-- materialise: table
WITH load AS (
    SELECT
        a.company_id,
        w.manager_id,
        COUNT(*) AS accounts
    FROM ledger.account AS a
    INNER JOIN worker AS w ON a.rep_id = w.rep_id
    WHERE w.manager_id IS NOT NULL
    GROUP BY a.company_id, w.manager_id
),

head AS (
    SELECT
        company_id,
        manager_id,
        ROW_NUMBER() OVER (PARTITION BY company_id ORDER BY accounts DESC, manager_id ASC) AS place
    FROM load
)

SELECT
    a.company_id,
    a.account_id,
    a.rep_id,
    COALESCE(w.own_rep_id, w.manager_id, h.manager_id) AS works_rep_id,
    COALESCE(w.manager_id, h.manager_id) AS manager_id,
    COALESCE(w.cause, 'nobody') AS cause,
    w.until_on
FROM ledger.account AS a
LEFT JOIN worker AS w ON a.rep_id = w.rep_id
LEFT JOIN head AS h ON a.company_id = h.company_id AND h.place = 1
