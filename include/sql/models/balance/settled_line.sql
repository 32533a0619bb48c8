-- One row per part of a receipt, credit note or write-off that settled an instalment: which, how much, and when.
-- An allocation that names its instalment, or whose document has one due date, needs no more; what is more than the
-- instalment that it names counts as unnamed. A document's unnamed allocations, in the order in which they came to
-- count, fill its instalments in order of their due dates: the overlap of the two running sums is what settled what,
-- and a close sees the first of them, whichever night tells it. A ledger without allocations is read the same way,
-- account by account.
-- ``settled_on`` is the day of the customer's deed (the receipt's value date), ``counts_on`` that of the books.
-- materialise: table
WITH allocation AS (
    SELECT
        a.*,
        COALESCE(a.received_on, a.counts_on) AS settled_on,
        i.due_on AS item_due_on,
        i.amount AS item_amount
    FROM dated_allocation AS a
    LEFT JOIN ledger.instalment AS i
        ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
),

named AS (
    SELECT
        company_id,
        document_id,
        seq,
        SUM(amount) AS amount,
        MAX(item_amount) AS item_amount
    FROM allocation
    WHERE item_due_on IS NOT NULL
    GROUP BY company_id, document_id, seq
),

unclear AS (
    SELECT
        a.company_id,
        a.document_id
    FROM allocation AS a
    INNER JOIN ledger.instalment AS i ON a.company_id = i.company_id AND a.document_id = i.document_id
    WHERE a.item_due_on IS NULL
    UNION
    SELECT
        company_id,
        document_id
    FROM named
    WHERE amount > item_amount
),

-- the instalment takes what comes first, up to its amount
taken AS (
    SELECT
        a.*,
        GREATEST(
            LEAST(
                a.amount,
                a.item_amount - SUM(a.amount) OVER (
                    PARTITION BY a.company_id, a.document_id, a.seq
                    ORDER BY a.counts_on, a.allocated_on, a.allocation_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) + a.amount
            ),
            0
        ) AS taken_amount
    FROM allocation AS a
    INNER JOIN unclear AS u ON a.company_id = u.company_id AND a.document_id = u.document_id
    WHERE a.item_due_on IS NOT NULL
),

unnamed AS (
    SELECT
        *,
        SUM(amount) OVER (
            PARTITION BY company_id, document_id ORDER BY counts_on, allocated_on, allocation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM (
        SELECT
            a.company_id,
            a.account_id,
            a.currency,
            a.document_id,
            a.allocation_id,
            a.allocated_on,
            a.source_kind,
            a.issued_on,
            a.amount,
            a.settled_on,
            a.counts_on
        FROM allocation AS a
        INNER JOIN unclear AS u ON a.company_id = u.company_id AND a.document_id = u.document_id
        WHERE a.item_due_on IS NULL
        UNION ALL
        SELECT
            company_id,
            account_id,
            currency,
            document_id,
            allocation_id,
            allocated_on,
            source_kind,
            issued_on,
            amount - taken_amount AS amount,
            settled_on,
            counts_on
        FROM taken
        WHERE amount > taken_amount
    ) AS q
),

room AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.due_on,
        i.amount AS item_amount,
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
        i.company_id,
        i.account_id,
        i.currency,
        i.document_id,
        i.seq,
        i.due_on,
        d.issued_on,
        i.open_amount AS amount,
        SUM(i.open_amount) OVER (
            PARTITION BY i.company_id, i.account_id, i.currency ORDER BY i.due_on, i.document_id, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM ledger_item AS i
    INNER JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
    WHERE NOT EXISTS (
        SELECT 1 FROM ledger.present AS p
        WHERE p.table_name = 'allocation'
    )
)

SELECT
    a.company_id,
    a.account_id,
    a.currency,
    a.document_id,
    COALESCE(CASE WHEN a.item_due_on IS NOT NULL THEN a.seq END, 1) AS seq,
    a.source_kind,
    a.issued_on,
    COALESCE(a.item_due_on, a.due_on) AS due_on,
    COALESCE(a.item_amount, a.document_amount) AS item_amount,
    a.amount,
    a.settled_on,
    a.counts_on
FROM allocation AS a
LEFT JOIN unclear AS u ON a.company_id = u.company_id AND a.document_id = u.document_id
WHERE u.document_id IS NULL
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    document_id,
    seq,
    source_kind,
    issued_on,
    item_due_on AS due_on,
    item_amount,
    taken_amount AS amount,
    settled_on,
    counts_on
FROM taken
WHERE taken_amount > 0
UNION ALL
SELECT
    n.company_id,
    n.account_id,
    n.currency,
    n.document_id,
    r.seq,
    n.source_kind,
    n.issued_on,
    r.due_on,
    r.item_amount,
    LEAST(n.amount_through, r.amount_through)
    - GREATEST(n.amount_through - n.amount, r.amount_through - r.amount) AS amount,
    n.settled_on,
    n.counts_on
FROM unnamed AS n
INNER JOIN room AS r ON n.company_id = r.company_id AND n.document_id = r.document_id
WHERE n.amount_through - n.amount < r.amount_through AND r.amount_through - r.amount < n.amount_through
UNION ALL
SELECT
    r.company_id,
    r.account_id,
    r.currency,
    i.document_id,
    i.seq,
    'receipt' AS source_kind,
    i.issued_on,
    i.due_on,
    i.amount AS item_amount,
    LEAST(r.amount_through, i.amount_through)
    - GREATEST(r.amount_through - r.amount, i.amount_through - i.amount) AS amount,
    r.received_on AS settled_on,
    r.received_on AS counts_on
FROM receipt_queue AS r
INNER JOIN item_queue AS i
    ON
        r.company_id = i.company_id
        AND r.account_id = i.account_id
        AND r.currency = i.currency
        AND r.amount_through - r.amount < i.amount_through
        AND i.amount_through - i.amount < r.amount_through
