-- Each allocation that counts, beside the document and the source it names, found once for all rules about allocations.
-- One row per row of feed.allocation. Columns of a document or source that does not exist, or was quarantined, are null.
-- Future documents and sources are known, too: an allocation to them is in force only when the latest of the three is.
WITH sources AS (
    SELECT
        'receipt' AS source_kind,
        r.company_id,
        r.receipt_id AS source_id,
        r.file_row_number AS source_row,
        r.currency AS source_currency,
        r.amount AS source_amount,
        r.received_on AS source_on
    FROM ledger.receipt AS r
    UNION ALL
    SELECT
        'credit_note' AS source_kind,
        d.company_id,
        d.document_id AS source_id,
        d.file_row_number AS source_row,
        d.currency AS source_currency,
        d.amount AS source_amount,
        d.issued_on AS source_on
    FROM ledger.document AS d
    WHERE d.kind = 'credit_note'
)

SELECT
    a.file_row_number,
    a.company_id,
    a.allocation_id,
    a.source_kind,
    a.document_id,
    a.amount,
    a.allocated_on,
    a.seq,
    d.file_row_number AS document_row,
    d.kind AS document_kind,
    d.currency AS document_currency,
    d.amount AS document_amount,
    d.issued_on AS document_on,
    s.source_row,
    s.source_currency,
    s.source_amount,
    s.source_on,
    EXISTS (
        SELECT 1 FROM counted.instalment AS i
        WHERE i.company_id = a.company_id AND i.document_id = a.document_id
    ) AS has_instalments,
    d.issued_on <= getvariable('as_of') AND coalesce(s.source_on <= getvariable('as_of'), TRUE) AS is_in_force
FROM feed.allocation AS a
LEFT JOIN ledger.document AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
LEFT JOIN sources AS s
    ON a.source_kind = s.source_kind AND a.company_id = s.company_id AND a.source_id = s.source_id
