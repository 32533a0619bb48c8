-- One row per receipt or credit note that is not fully applied: money already ours (free credit before netting).
-- materialise: table
WITH used AS (
    SELECT
        company_id,
        source_kind,
        source_id,
        SUM(amount) AS amount
    FROM counted_allocation
    WHERE source_kind <> 'write_off'
    GROUP BY company_id, source_kind, source_id
),

auto_used AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        SUM(a.amount) AS amount
    FROM auto_applied AS a
    INNER JOIN ledger_item AS i
        ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
    GROUP BY i.company_id, i.account_id, i.currency
),

receipt AS (
    SELECT
        r.company_id,
        r.account_id,
        r.currency,
        r.receipt_id AS source_id,
        r.amount - COALESCE(u.amount, 0) AS amount
    FROM ledger.receipt AS r
    LEFT JOIN used AS u
        ON r.company_id = u.company_id AND r.receipt_id = u.source_id AND u.source_kind = 'receipt'
    WHERE r.received_on <= $as_of AND r.amount > COALESCE(u.amount, 0)
)

SELECT
    company_id,
    account_id,
    currency,
    'receipt' AS source_kind,
    source_id,
    NULL AS references_document_id,
    amount
FROM receipt
WHERE
    EXISTS (
        SELECT 1 FROM ledger.present AS p
        WHERE p.table_name = 'allocation'
    )
UNION ALL
SELECT
    r.company_id,
    r.account_id,
    r.currency,
    'receipt' AS source_kind,
    'auto-applied' AS source_id,
    NULL AS references_document_id,
    SUM(r.amount) - COALESCE(MAX(a.amount), 0) AS amount
FROM receipt AS r
LEFT JOIN auto_used AS a
    ON r.company_id = a.company_id AND r.account_id = a.account_id AND r.currency = a.currency
WHERE
    NOT EXISTS (
        SELECT 1 FROM ledger.present AS p
        WHERE p.table_name = 'allocation'
    )
GROUP BY r.company_id, r.account_id, r.currency
HAVING SUM(r.amount) > COALESCE(MAX(a.amount), 0)
UNION ALL
SELECT
    c.company_id,
    c.account_id,
    c.currency,
    'credit_note' AS source_kind,
    c.document_id AS source_id,
    c.references_document_id,
    c.amount - COALESCE(u.amount, 0) AS amount
FROM ledger.document AS c
LEFT JOIN used AS u
    ON c.company_id = u.company_id AND c.document_id = u.source_id AND u.source_kind = 'credit_note'
WHERE c.kind = 'credit_note' AND c.issued_on <= $as_of AND c.amount > COALESCE(u.amount, 0)
