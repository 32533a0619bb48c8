-- One row per part of a receipt that paid an instalment inside the long window: amount, days late, whether only a part.
-- An allocation that names its instalment, or whose document has one due date, needs no more. Where neither holds, the
-- document's unnamed allocations in order of their dates fill its instalments in order of their due dates: the overlap
-- of the two running sums is what paid what. A ledger without allocations is read the same way, account by account.
-- materialise: view
WITH paid AS (
    SELECT
        a.company_id,
        a.document_id,
        a.allocation_id,
        a.amount,
        i.due_on,
        i.amount AS item_amount,
        r.received_on
    FROM counted_allocation AS a
    CROSS JOIN policy.look_back AS p
    INNER JOIN ledger.receipt AS r ON a.company_id = r.company_id AND a.source_id = r.receipt_id
    LEFT JOIN ledger.instalment AS i
        ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
    WHERE a.source_kind = 'receipt' AND a.allocated_on > p.long_from AND r.received_on <= $as_of
),

unclear AS (
    SELECT DISTINCT
        p.company_id,
        p.document_id
    FROM paid AS p
    INNER JOIN ledger.instalment AS i ON p.company_id = i.company_id AND p.document_id = i.document_id
    WHERE p.due_on IS NULL
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
    INNER JOIN unclear AS u ON a.company_id = u.company_id AND a.document_id = u.document_id
    LEFT JOIN ledger.instalment AS i
        ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
    WHERE i.document_id IS NULL
),

named AS (
    SELECT
        a.company_id,
        a.document_id,
        a.seq,
        SUM(a.amount) AS amount
    FROM counted_allocation AS a
    INNER JOIN unclear AS u ON a.company_id = u.company_id AND a.document_id = u.document_id
    WHERE a.seq IS NOT NULL
    GROUP BY a.company_id, a.document_id, a.seq
),

room AS (
    SELECT
        i.company_id,
        i.document_id,
        i.due_on,
        GREATEST(i.amount - COALESCE(n.amount, 0), 0) AS amount,
        SUM(GREATEST(i.amount - COALESCE(n.amount, 0), 0)) OVER (
            PARTITION BY i.company_id, i.document_id ORDER BY i.due_on, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM ledger.instalment AS i
    INNER JOIN unclear AS u ON i.company_id = u.company_id AND i.document_id = u.document_id
    LEFT JOIN named AS n
        ON i.company_id = n.company_id AND i.document_id = n.document_id AND i.seq = n.seq
),

line AS (
    SELECT
        p.company_id,
        p.document_id,
        p.amount,
        p.due_on,
        p.item_amount,
        p.received_on
    FROM paid AS p
    LEFT JOIN unclear AS u ON p.company_id = u.company_id AND p.document_id = u.document_id
    WHERE p.due_on IS NOT NULL OR u.document_id IS NULL
    UNION ALL
    SELECT
        p.company_id,
        p.document_id,
        LEAST(n.amount_through, r.amount_through)
        - GREATEST(n.amount_through - n.amount, r.amount_through - r.amount) AS amount,
        r.due_on,
        r.amount AS item_amount,
        p.received_on
    FROM unnamed AS n
    INNER JOIN paid AS p ON n.company_id = p.company_id AND n.allocation_id = p.allocation_id
    INNER JOIN room AS r ON n.company_id = r.company_id AND n.document_id = r.document_id
    WHERE
        n.amount_through - n.amount < r.amount_through
        AND r.amount_through - r.amount < n.amount_through
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
        AND NOT EXISTS (
            SELECT 1 FROM ledger.present AS p
            WHERE p.table_name = 'allocation'
        )
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
    WHERE NOT EXISTS (
        SELECT 1 FROM ledger.present AS p
        WHERE p.table_name = 'allocation'
    )
)

SELECT
    l.company_id,
    d.account_id,
    d.currency,
    l.amount,
    GREATEST(DATE_DIFF('day', COALESCE(l.due_on, d.due_on), l.received_on), 0) AS days_late,
    l.received_on,
    l.amount < COALESCE(l.item_amount, d.amount) AS is_part
FROM line AS l
INNER JOIN ledger.document AS d ON l.company_id = d.company_id AND l.document_id = d.document_id
WHERE l.amount > 0 AND d.issued_on <= $as_of
UNION ALL
SELECT
    r.company_id,
    r.account_id,
    r.currency,
    LEAST(r.amount_through, i.amount_through)
    - GREATEST(r.amount_through - r.amount, i.amount_through - i.amount) AS amount,
    GREATEST(DATE_DIFF('day', i.due_on, r.received_on), 0) AS days_late,
    r.received_on,
    LEAST(r.amount_through, i.amount_through)
    - GREATEST(r.amount_through - r.amount, i.amount_through - i.amount) < i.amount AS is_part
FROM receipt_queue AS r
CROSS JOIN policy.look_back AS p
INNER JOIN item_queue AS i
    ON
        r.company_id = i.company_id
        AND r.account_id = i.account_id
        AND r.currency = i.currency
        AND r.amount_through - r.amount < i.amount_through
        AND i.amount_through - i.amount < r.amount_through
WHERE r.received_on > p.long_from
