-- One row per part of a receipt or credit note that is not applied yet and covers an instalment by rule 4: which, how
-- much, and on which day it came. What covers what is the overlap of two running sums: credit in order of its dates,
-- and instalments in the order in which they are covered. A note that names its document goes there first; what that
-- does not need, of the latest notes, is free credit like all other. In a ledger without allocations receipts are
-- applied, and only notes are left.
-- materialise: table
WITH dated AS (
    SELECT
        c.company_id,
        c.account_id,
        c.currency,
        c.source_id,
        c.source_kind,
        c.references_document_id,
        c.amount,
        COALESCE(r.received_on, d.issued_on, $as_of) AS covered_on
    FROM credit AS c
    LEFT JOIN ledger.receipt AS r
        ON c.company_id = r.company_id AND r.receipt_id = CASE WHEN c.source_kind = 'receipt' THEN c.source_id END
    LEFT JOIN ledger.document AS d
        ON c.company_id = d.company_id AND d.document_id = CASE WHEN c.source_kind = 'credit_note' THEN c.source_id END
),

linked AS (
    SELECT
        company_id,
        document_id,
        seq,
        account_id,
        currency,
        amount,
        SUM(amount) OVER (
            PARTITION BY company_id, document_id, account_id, currency ORDER BY due_on, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM (
        SELECT
            k.company_id,
            k.document_id,
            k.seq,
            k.account_id,
            k.currency,
            k.amount,
            i.due_on
        FROM linked_credit AS k
        INNER JOIN net_item AS i ON k.company_id = i.company_id AND k.document_id = i.document_id AND k.seq = i.seq
    ) AS l
),

linked_total AS (
    SELECT
        company_id,
        document_id,
        account_id,
        currency,
        SUM(amount) AS amount
    FROM linked
    GROUP BY company_id, document_id, account_id, currency
),

note AS (
    SELECT
        *,
        SUM(amount) OVER (
            PARTITION BY company_id, account_id, currency, references_document_id ORDER BY covered_on, source_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM dated
    WHERE references_document_id IS NOT NULL
),

-- what of each note its own document does not need
free AS (
    SELECT
        company_id,
        account_id,
        currency,
        source_id,
        source_kind,
        covered_on,
        amount
    FROM dated
    WHERE references_document_id IS NULL
    UNION ALL
    SELECT
        n.company_id,
        n.account_id,
        n.currency,
        n.source_id,
        n.source_kind,
        n.covered_on,
        LEAST(n.amount, n.amount_through - COALESCE(t.amount, 0)) AS amount
    FROM note AS n
    LEFT JOIN linked_total AS t
        ON
            n.company_id = t.company_id
            AND n.account_id = t.account_id
            AND n.currency = t.currency
            AND n.references_document_id = t.document_id
    WHERE n.amount_through > COALESCE(t.amount, 0)
),

source_queue AS (
    SELECT
        *,
        SUM(amount) OVER (
            PARTITION BY company_id, account_id, currency ORDER BY covered_on, source_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM free
),

item_queue AS (
    SELECT
        c.company_id,
        c.document_id,
        c.seq,
        c.account_id,
        c.currency,
        c.amount,
        SUM(c.amount) OVER (
            PARTITION BY c.company_id, c.account_id, c.currency ORDER BY i.due_on, c.document_id, c.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS amount_through
    FROM consumed_credit AS c
    INNER JOIN net_item AS i ON c.company_id = i.company_id AND c.document_id = i.document_id AND c.seq = i.seq
),

part AS (
    SELECT
        l.company_id,
        l.document_id,
        l.seq,
        n.source_kind,
        n.covered_on,
        LEAST(n.amount_through, l.amount_through)
        - GREATEST(n.amount_through - n.amount, l.amount_through - l.amount) AS amount
    FROM note AS n
    INNER JOIN linked AS l
        ON
            n.company_id = l.company_id
            AND n.account_id = l.account_id
            AND n.currency = l.currency
            AND n.references_document_id = l.document_id
            AND n.amount_through - n.amount < l.amount_through
            AND l.amount_through - l.amount < n.amount_through
    UNION ALL
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        s.source_kind,
        s.covered_on,
        LEAST(s.amount_through, i.amount_through)
        - GREATEST(s.amount_through - s.amount, i.amount_through - i.amount) AS amount
    FROM source_queue AS s
    INNER JOIN item_queue AS i
        ON
            s.company_id = i.company_id
            AND s.account_id = i.account_id
            AND s.currency = i.currency
            AND s.amount_through - s.amount < i.amount_through
            AND i.amount_through - i.amount < s.amount_through
)

SELECT
    p.company_id,
    p.document_id,
    p.seq,
    i.account_id,
    i.currency,
    i.due_on,
    p.source_kind,
    p.covered_on,
    p.amount
FROM part AS p
INNER JOIN net_item AS i ON p.company_id = i.company_id AND p.document_id = i.document_id AND p.seq = i.seq
