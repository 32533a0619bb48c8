-- One row per account and currency with free credit: all of it, and what is left after linked credit notes.
-- materialise: table
WITH linked AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(amount) AS amount
    FROM linked_credit
    GROUP BY company_id, account_id, currency
)

SELECT
    c.company_id,
    c.account_id,
    c.currency,
    SUM(c.amount) AS free_credit,
    SUM(c.amount) - COALESCE(MAX(k.amount), 0) AS unlinked_amount
FROM credit AS c
LEFT JOIN linked AS k
    ON c.company_id = k.company_id AND c.account_id = k.account_id AND c.currency = k.currency
GROUP BY c.company_id, c.account_id, c.currency
