-- One row per allocation that counts at as-of: itself, its document and its source are all dated by then.
-- Only allocations that point at something later are looked for, so a ledger without a future pays nothing.
-- materialise: view
SELECT
    a.company_id,
    a.allocation_id,
    a.source_kind,
    a.source_id,
    a.document_id,
    a.seq,
    a.amount,
    a.allocated_on
FROM ledger.allocation AS a
WHERE
    a.allocated_on <= $as_of
    AND NOT EXISTS (
        SELECT 1 FROM ledger.document AS d
        WHERE d.company_id = a.company_id AND d.document_id = a.document_id AND d.issued_on > $as_of
    )
    AND NOT EXISTS (
        SELECT 1 FROM ledger.receipt AS r
        WHERE
            a.source_kind = 'receipt'
            AND r.company_id = a.company_id
            AND r.receipt_id = a.source_id
            AND r.received_on > $as_of
    )
    AND NOT EXISTS (
        SELECT 1 FROM ledger.document AS c
        WHERE
            a.source_kind = 'credit_note'
            AND c.company_id = a.company_id
            AND c.document_id = a.source_id
            AND c.issued_on > $as_of
    )
