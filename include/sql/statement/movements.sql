-- What moved the balance up to the cut-off, one row per movement of its month and one, of kind opening, for all before.
-- Invoices count positive; credit notes, receipts and write-offs negative. The same facts as in model part_flow.
WITH movement AS (
    SELECT
        company_id,
        account_id,
        currency,
        issued_on AS on_date,
        kind,
        COALESCE(number, document_id) AS number,
        CASE WHEN kind = 'credit_note' THEN -amount ELSE amount END AS amount
    FROM ledger.document
    WHERE issued_on <= $as_of
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        received_on AS on_date,
        'receipt' AS kind,
        receipt_id AS number,
        -amount AS amount
    FROM ledger.receipt
    WHERE received_on <= $as_of
    UNION ALL
    SELECT
        d.company_id,
        d.account_id,
        d.currency,
        GREATEST(a.allocated_on, d.issued_on) AS on_date,
        'write_off' AS kind,
        COALESCE(d.number, d.document_id) AS number,
        -a.amount AS amount
    FROM ledger.allocation AS a
    INNER JOIN ledger.document AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
    WHERE a.source_kind = 'write_off' AND a.allocated_on <= $as_of AND d.issued_on <= $as_of
)

SELECT
    company_id,
    account_id,
    currency,
    NULL AS on_date,
    'opening' AS kind,
    NULL AS number,
    SUM(amount) AS amount
FROM movement
WHERE on_date < DATE_TRUNC('month', $as_of)
GROUP BY company_id, account_id, currency
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    on_date,
    kind,
    number,
    amount
FROM movement
WHERE on_date >= DATE_TRUNC('month', $as_of)
ORDER BY currency, on_date NULLS FIRST, kind, number
