-- One row per part of a receipt that paid an instalment inside the behaviour window: amount and days late.
-- A document with one due date needs no more than its allocation. With instalments, unnamed allocations in order of
-- their dates fill instalments in order of their due dates: the overlap of the two running sums is what paid what.
-- A ledger without allocations is read the same way, receipts against the items of the account.
-- materialise: table
WITH paid AS (
    SELECT
        a.company_id,
        a.document_id,
        a.allocation_id,
        a.seq,
        a.amount,
        r.received_on
    FROM counted_allocation AS a
    INNER JOIN ledger.receipt AS r ON a.company_id = r.company_id AND a.source_id = r.receipt_id
    CROSS JOIN policy.parameter AS p
    WHERE a.source_kind = 'receipt' AND r.received_on > p.risk_window_from
),

split_document AS (
    SELECT DISTINCT
        company_id,
        document_id
    FROM ledger.instalment
),

unnamed AS (
    SELECT
        a.company_id,
        a.document_id,
        a.allocation_id,
        a.amount,
        SUM(a.amount) OVER (
            PARTITION BY a.company_id, a.document_id ORDER BY a.allocated_on, a.allocation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM counted_allocation AS a
    INNER JOIN split_document AS s ON a.company_id = s.company_id AND a.document_id = s.document_id
    WHERE a.seq IS NULL
),

named AS (
    SELECT
        company_id,
        document_id,
        seq,
        SUM(amount) AS amount
    FROM counted_allocation
    WHERE seq IS NOT NULL
    GROUP BY company_id, document_id, seq
),

room AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.due_on,
        GREATEST(i.amount - COALESCE(n.amount, 0), 0) AS amount,
        SUM(GREATEST(i.amount - COALESCE(n.amount, 0), 0)) OVER (
            PARTITION BY i.company_id, i.document_id ORDER BY i.due_on, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM ledger.instalment AS i
    LEFT JOIN named AS n
        ON i.company_id = n.company_id AND i.document_id = n.document_id AND i.seq = n.seq
),

due_line AS (
    SELECT
        p.company_id,
        p.document_id,
        d.due_on,
        p.received_on,
        p.amount
    FROM paid AS p
    INNER JOIN ledger.document AS d ON p.company_id = d.company_id AND p.document_id = d.document_id
    WHERE
        NOT EXISTS (
            SELECT 1 FROM split_document AS s
            WHERE s.company_id = p.company_id AND s.document_id = p.document_id
        )
    UNION ALL
    SELECT
        p.company_id,
        p.document_id,
        i.due_on,
        p.received_on,
        p.amount
    FROM paid AS p
    INNER JOIN ledger.instalment AS i
        ON p.company_id = i.company_id AND p.document_id = i.document_id AND p.seq = i.seq
    UNION ALL
    SELECT
        p.company_id,
        p.document_id,
        r.due_on,
        p.received_on,
        LEAST(u.amount_through, r.amount_through)
        - GREATEST(u.amount_through - u.amount, r.amount_through - r.amount) AS amount
    FROM paid AS p
    INNER JOIN unnamed AS u ON p.company_id = u.company_id AND p.allocation_id = u.allocation_id
    INNER JOIN room AS r ON u.company_id = r.company_id AND u.document_id = r.document_id
    WHERE
        u.amount_through - u.amount < r.amount_through
        AND r.amount_through - r.amount < u.amount_through
),

receipt_queue AS (
    SELECT
        company_id,
        account_id,
        currency,
        received_on,
        amount,
        SUM(amount) OVER (
            PARTITION BY company_id, account_id, currency ORDER BY received_on, receipt_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM ledger.receipt
    WHERE
        received_on <= $as_of
        AND NOT EXISTS (SELECT 1 FROM ledger.present AS p WHERE p.table_name = 'allocation')
),

item_queue AS (
    SELECT
        company_id,
        account_id,
        currency,
        due_on,
        open_amount AS amount,
        SUM(open_amount) OVER (
            PARTITION BY company_id, account_id, currency ORDER BY due_on, document_id, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM ledger_item
    WHERE NOT EXISTS (SELECT 1 FROM ledger.present AS p WHERE p.table_name = 'allocation')
)

SELECT
    l.company_id,
    d.account_id,
    d.currency,
    l.amount,
    GREATEST(DATE_DIFF('day', l.due_on, l.received_on), 0) AS days_late
FROM due_line AS l
INNER JOIN ledger.document AS d ON l.company_id = d.company_id AND l.document_id = d.document_id
WHERE l.amount > 0 AND l.due_on IS NOT NULL
UNION ALL
SELECT
    r.company_id,
    r.account_id,
    r.currency,
    LEAST(r.amount_through, i.amount_through)
    - GREATEST(r.amount_through - r.amount, i.amount_through - i.amount) AS amount,
    GREATEST(DATE_DIFF('day', i.due_on, r.received_on), 0) AS days_late
FROM receipt_queue AS r
INNER JOIN item_queue AS i
    ON r.company_id = i.company_id AND r.account_id = i.account_id AND r.currency = i.currency
CROSS JOIN policy.parameter AS p
WHERE
    r.amount_through - r.amount < i.amount_through
    AND i.amount_through - i.amount < r.amount_through
    AND r.received_on > p.risk_window_from
