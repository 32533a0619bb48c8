-- Money already ours and not applied: receipts and credit notes with a rest, and the document that a note names. A
-- note is linked when that document is of the same account and currency; what it does not need there is free credit.
SELECT
    c.source_kind,
    c.source_id,
    n.number,
    COALESCE(r.received_on, n.issued_on) AS dated_on,
    c.currency,
    c.amount,
    d.document_id AS linked_document_id,
    d.number AS linked_number
FROM credit AS c
INNER JOIN ledger.account AS a ON c.company_id = a.company_id AND c.account_id = a.account_id
LEFT JOIN ledger.receipt AS r
    ON c.company_id = r.company_id AND c.source_id = r.receipt_id AND c.source_kind = 'receipt'
LEFT JOIN ledger.document AS n
    ON c.company_id = n.company_id AND c.source_id = n.document_id AND c.source_kind = 'credit_note'
LEFT JOIN ledger.document AS d
    ON
        c.company_id = d.company_id
        AND c.references_document_id = d.document_id
        AND c.account_id = d.account_id
        AND c.currency = d.currency
ORDER BY c.currency, dated_on, c.source_id
