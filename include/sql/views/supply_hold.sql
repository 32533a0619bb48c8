-- Accounts not to be supplied today (停止供货): stop_supply is active on the newest published night of their company.
-- A company that tonight's ledger does not hold keeps the state of its last night.
WITH RECURSIVE company AS (
    -- Company by company along the index: DISTINCT would read a row per company and night.
    SELECT min(company_id) AS company_id FROM store.run_company
    UNION ALL
    SELECT (
        SELECT min(n.company_id)
        FROM store.run_company AS n
        WHERE n.company_id > c.company_id
    )
    FROM company AS c
    WHERE c.company_id IS NOT NULL
),

newest AS MATERIALIZED (
    SELECT
        c.company_id,
        (
            SELECT n.business_date
            FROM store.run_company AS n
            WHERE
                n.company_id = c.company_id
                -- Asked night by night from the newest back, so that the first answer ends it; a join would sort all.
                AND n.run_id = (
                    SELECT p.run_id
                    FROM store.published AS p
                    WHERE p.business_date = n.business_date
                )
            ORDER BY n.business_date DESC
            LIMIT 1
        ) AS business_date
    FROM company AS c
    WHERE c.company_id IS NOT NULL
)

SELECT
    h.company_id,
    h.account_id,
    h.since,
    h.reason,
    n.business_date
FROM newest AS n
INNER JOIN store.published AS p ON n.business_date = p.business_date
INNER JOIN store.supply_hold AS h ON p.run_id = h.run_id AND n.company_id = h.company_id
