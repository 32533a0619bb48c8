-- One row per allocation of a document that is owed: the day from which it counts, when it, its document and its source
-- are all dated. At as-of these are the allocations that count tonight; at an earlier close, those that counted then.
-- materialise: table
SELECT
    a.company_id,
    a.allocation_id,
    a.document_id,
    a.seq,
    a.source_kind,
    a.amount,
    a.allocated_on,
    d.account_id,
    d.currency,
    d.issued_on,
    d.due_on,
    d.amount AS document_amount,
    r.received_on,
    GREATEST(a.allocated_on, d.issued_on, COALESCE(r.received_on, c.issued_on, a.allocated_on)) AS counts_on
FROM counted_allocation AS a
INNER JOIN ledger.document AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
LEFT JOIN ledger.receipt AS r
    ON a.company_id = r.company_id AND r.receipt_id = CASE WHEN a.source_kind = 'receipt' THEN a.source_id END
LEFT JOIN ledger.document AS c
    ON a.company_id = c.company_id AND c.document_id = CASE WHEN a.source_kind = 'credit_note' THEN a.source_id END
