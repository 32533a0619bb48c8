-- Accounts not to be supplied today (停止供货): stop_supply is active on the newest published night of their company.
-- A company that tonight's ledger does not hold keeps the state of its last night. A person's release counts at once: a
-- block waits for the night, which looks at the money again; a customer who may be supplied does not wait.
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
WHERE
    NOT EXISTS (
        SELECT FROM store.sanction_override AS o
        WHERE
            o.company_id = h.company_id
            AND o.account_id = h.account_id
            AND (o.flag IS NULL OR o.flag = 'stop_supply')
            AND o.effect IN ('exempt', 'accept_promise')
            AND o.expires_on >= n.business_date
            -- Written on this business date, or when its night was at work already: the night has not seen it yet.
            -- Older ones it has, and has judged.
            AND (
                o.from_on >= n.business_date
                OR o.created_at >= (
                    SELECT s.started_at
                    FROM store.run_step AS s
                    WHERE s.business_date = n.business_date AND s.step = 'extract'
                )
            )
            AND NOT EXISTS (
                SELECT FROM store.sanction_override AS e
                WHERE e.effect = 'end' AND e.ends_override_id = o.override_id
            )
    )
