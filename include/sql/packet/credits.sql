-- Credit notes and write-offs by as-of; number is the document that is lowered, if one is named.
SELECT
    d.company_id,
    d.account_id,
    d.document_id AS source_id,
    d.kind,
    d.issued_on AS on_date,
    d.currency,
    d.amount,
    COALESCE(r.number, r.document_id) AS number
FROM ledger.document AS d
LEFT JOIN ledger.document AS r ON d.company_id = r.company_id AND d.references_document_id = r.document_id
WHERE d.kind = 'credit_note' AND d.issued_on <= $as_of
UNION ALL
SELECT
    d.company_id,
    d.account_id,
    a.source_id,
    a.source_kind AS kind,
    a.allocated_on AS on_date,
    d.currency,
    a.amount,
    COALESCE(d.number, d.document_id) AS number
FROM ledger.allocation AS a
INNER JOIN ledger.document AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
WHERE a.source_kind = 'write_off' AND a.allocated_on <= $as_of
ORDER BY on_date, source_id, amount
