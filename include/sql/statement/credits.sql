-- Receipts and credit notes that are not wholly applied at the cut-off (未核销款): the same facts as in model credit.
-- A ledger without allocations has no such list: there the night applies receipts by age, and knows the total only.
WITH counted AS (
    SELECT
        a.company_id,
        a.source_kind,
        a.source_id,
        SUM(a.amount) AS amount
    FROM ledger.allocation AS a
    INNER JOIN ledger.document AS d
        ON a.company_id = d.company_id AND a.document_id = d.document_id AND d.issued_on <= $as_of
    WHERE a.source_kind <> 'write_off' AND a.allocated_on <= $as_of
    GROUP BY a.company_id, a.source_kind, a.source_id
),

source AS (
    SELECT
        company_id,
        account_id,
        currency,
        'receipt' AS kind,
        receipt_id AS source_id,
        receipt_id AS number,
        received_on AS on_date,
        amount
    FROM ledger.receipt
    WHERE received_on <= $as_of
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        kind,
        document_id AS source_id,
        COALESCE(number, document_id) AS number,
        issued_on AS on_date,
        amount
    FROM ledger.document
    WHERE kind = 'credit_note' AND issued_on <= $as_of
)

SELECT
    s.company_id,
    s.account_id,
    s.currency,
    s.kind,
    s.number,
    s.on_date,
    s.amount,
    s.amount - COALESCE(c.amount, 0) AS free_amount
FROM source AS s
LEFT JOIN counted AS c
    ON s.company_id = c.company_id AND s.kind = c.source_kind AND s.source_id = c.source_id
WHERE s.amount > COALESCE(c.amount, 0)
ORDER BY s.currency, s.on_date, s.kind, s.number
