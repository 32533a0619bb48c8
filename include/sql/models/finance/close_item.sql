-- One row per instalment and close at which it was open, with its bucket then: tonight and the month ends before, as
-- the ledger knows them tonight. A ledger without allocations applies receipts to the most overdue item, each
-- close anew.
-- Through the day before to_on the amount stays as it is; empty: it still does.
-- materialise: table
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
),

opened AS (
    SELECT
        s.company_id,
        s.document_id,
        s.seq,
        c.closed_on,
        s.account_id,
        s.currency,
        s.issued_on,
        s.due_on,
        s.open_amount,
        s.to_on
    FROM item_span AS s
    INNER JOIN policy.close_day AS c
        ON s.from_on <= c.closed_on AND (s.to_on IS NULL OR s.to_on > c.closed_on)
    UNION ALL
    SELECT
        company_id,
        document_id,
        seq,
        closed_on,
        account_id,
        currency,
        issued_on,
        due_on,
        CASE
            WHEN pool_amount IS NULL THEN open_amount
            ELSE LEAST(open_amount, open_through - pool_amount)
        END AS open_amount,
        CAST(closed_on + INTERVAL 1 DAY AS DATE) AS to_on
    FROM queue
),

aged AS (
    SELECT
        o.*,
        GREATEST(DATE_DIFF('day', o.due_on, o.closed_on), 0) AS days_past_due,
        LEAST(GREATEST(DATE_DIFF('day', o.due_on, o.closed_on), 0), p.last_day) AS bucket_day
    FROM opened AS o
    CROSS JOIN policy.parameter AS p
    WHERE o.open_amount > 0
)

SELECT
    a.company_id,
    a.document_id,
    a.seq,
    a.closed_on,
    a.account_id,
    a.currency,
    a.issued_on,
    a.due_on,
    a.open_amount,
    a.to_on,
    a.days_past_due,
    d.bucket
FROM aged AS a
INNER JOIN policy.day AS d ON a.bucket_day = d.day
