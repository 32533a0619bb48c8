-- One row per allocation that counts at as-of: itself, its document and its source are all dated by then.
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
LEFT JOIN early_allocation AS e ON a.company_id = e.company_id AND a.allocation_id = e.allocation_id
WHERE a.allocated_on <= $as_of AND e.allocation_id IS NULL
