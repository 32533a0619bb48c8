-- One row per instalment and close that is filled anew at every close (close_ledger_item) and was open at it. A ledger
-- without allocations applies receipts to the most overdue item, each close anew.
-- materialise: view
WITH pool AS (
    SELECT
        r.company_id,
        r.account_id,
        r.currency,
        c.closed_on,
        SUM(r.amount) AS amount
    FROM ledger.receipt AS r
    INNER JOIN policy.close_day AS c ON r.received_on <= c.closed_on
    WHERE
        NOT EXISTS (
            SELECT 1 FROM ledger.present AS p
            WHERE p.table_name = 'allocation'
        )
    GROUP BY r.company_id, r.account_id, r.currency, c.closed_on
),

queue AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.closed_on,
        i.account_id,
        i.currency,
        i.issued_on,
        i.due_on,
        i.open_amount,
        p.amount AS pool_amount,
        SUM(i.open_amount) OVER (
            PARTITION BY i.company_id, i.account_id, i.currency, i.closed_on ORDER BY i.due_on, i.document_id, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS open_through
    FROM close_ledger_item AS i
    LEFT JOIN pool AS p
        ON
            i.company_id = p.company_id
            AND i.account_id = p.account_id
            AND i.currency = p.currency
            AND i.closed_on = p.closed_on
)

SELECT
    company_id,
    document_id,
    seq,
    closed_on,
    account_id,
    currency,
    issued_on,
    due_on,
    CAST(
        CASE WHEN pool_amount IS NULL THEN open_amount ELSE LEAST(open_amount, open_through - pool_amount) END
        AS DECIMAL(18, 4)
    ) AS open_amount
FROM queue
WHERE pool_amount IS NULL OR open_through > pool_amount
