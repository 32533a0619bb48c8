-- One row per instalment that receipts pay in a ledger without an allocation table: there they are applied to the
-- account's most overdue item first and count as allocations (domain rule 4). Empty when the ledger has allocations.
-- materialise: table
WITH pool AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(amount) AS amount
    FROM ledger.receipt
    WHERE
        received_on <= $as_of
        AND NOT EXISTS (
            SELECT 1 FROM ledger.present AS p
            WHERE p.table_name = 'allocation'
        )
    GROUP BY company_id, account_id, currency
),

queue AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.open_amount,
        p.amount AS pool_amount,
        SUM(i.open_amount) OVER (
            PARTITION BY i.company_id, i.account_id, i.currency ORDER BY i.due_on, i.document_id, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS open_through
    FROM ledger_item AS i
    INNER JOIN pool AS p
        ON i.company_id = p.company_id AND i.account_id = p.account_id AND i.currency = p.currency
)

SELECT
    company_id,
    document_id,
    seq,
    LEAST(open_amount, pool_amount - (open_through - open_amount)) AS amount
FROM queue
WHERE open_through - open_amount < pool_amount
