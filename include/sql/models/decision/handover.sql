-- One row per account with money open whose rep does not work on it today: who does, why, and until when (代班与交接).
-- Without works_rep_id nobody does: a hole that somebody has to fill.
-- materialise: table
WITH owing AS (
    SELECT
        company_id,
        account_id
    FROM account_balance
    WHERE net_amount > 0
    GROUP BY company_id, account_id
)

SELECT
    w.company_id,
    w.account_id,
    w.rep_id,
    w.works_rep_id,
    w.cause,
    w.until_on
FROM account_worker AS w
INNER JOIN owing AS o ON w.company_id = o.company_id AND w.account_id = o.account_id
WHERE w.cause <> 'there'
