-- One row per instalment with something open after real allocations (domain rules 3 and 4).
-- A document without instalments is one item. An allocation that names an instalment goes there first; what names
-- none, or does not fit, fills the document's instalments oldest due date first.
-- materialise: table
WITH document AS (
    SELECT
        d.company_id,
        d.document_id,
        d.account_id,
        d.currency,
        d.amount,
        d.due_on,
        COALESCE(p.applied_amount, 0) AS applied_amount
    FROM ledger.document AS d
    LEFT JOIN applied AS p ON d.company_id = p.company_id AND d.document_id = p.document_id
    WHERE
        d.issued_on <= $as_of
        AND d.kind <> 'credit_note'
        AND d.amount > COALESCE(p.applied_amount, 0)
),

split AS (
    SELECT
        d.company_id,
        d.document_id,
        i.seq,
        d.account_id,
        d.currency,
        i.due_on,
        i.amount,
        COALESCE(i.is_retention, FALSE) AS is_retention,
        d.applied_amount
    FROM document AS d
    INNER JOIN ledger.instalment AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
),

split_document AS (
    SELECT DISTINCT
        company_id,
        document_id
    FROM split
),

named AS (
    SELECT
        a.company_id,
        a.document_id,
        a.seq,
        SUM(a.amount) AS amount
    FROM counted_allocation AS a
    INNER JOIN split_document AS s ON a.company_id = s.company_id AND a.document_id = s.document_id
    WHERE a.seq IS NOT NULL
    GROUP BY a.company_id, a.document_id, a.seq
),

part AS (
    SELECT
        s.*,
        LEAST(s.amount, COALESCE(n.amount, 0)) AS named_amount
    FROM split AS s
    LEFT JOIN named AS n ON s.company_id = n.company_id AND s.document_id = n.document_id AND s.seq = n.seq
),

filled AS (
    SELECT
        *,
        amount - named_amount AS room,
        applied_amount - SUM(named_amount) OVER (PARTITION BY company_id, document_id) AS unnamed_amount,
        SUM(amount - named_amount) OVER (
            PARTITION BY company_id, document_id ORDER BY due_on, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS room_through
    FROM part
)

SELECT
    d.company_id,
    d.document_id,
    1 AS seq,
    d.account_id,
    d.currency,
    d.due_on,
    d.amount,
    FALSE AS is_retention,
    d.amount - d.applied_amount AS open_amount
FROM document AS d
LEFT JOIN split_document AS s ON d.company_id = s.company_id AND d.document_id = s.document_id
WHERE s.document_id IS NULL
UNION ALL
SELECT
    company_id,
    document_id,
    seq,
    account_id,
    currency,
    due_on,
    amount,
    is_retention,
    LEAST(room, room_through - unnamed_amount) AS open_amount
FROM filled
WHERE room > 0 AND room_through > unnamed_amount
