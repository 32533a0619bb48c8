-- Each allocation that counts, with the rows of the document and the source it names (null: unknown, or quarantined in
-- the first stage) and what follows from the three together. Sources and documents of any date are known; an allocation
-- is in force only when the latest of the three counts.
WITH sources AS (
    SELECT
        'receipt' AS source_kind,
        r.company_id,
        r.receipt_id AS source_id,
        r.file_row_number AS source_row,
        r.currency,
        r.amount,
        r.received_on AS dated_on
    FROM ledger.receipt AS r
    UNION ALL
    SELECT
        'credit_note' AS source_kind,
        d.company_id,
        d.document_id AS source_id,
        d.file_row_number AS source_row,
        d.currency,
        d.amount,
        d.issued_on AS dated_on
    FROM ledger.document AS d
    WHERE d.kind = 'credit_note'
)

SELECT
    a.file_row_number,
    a.company_id IS NOT NULL AND a.document_id IS NOT NULL AS names_document,
    a.company_id IS NOT NULL AND a.source_id IS NOT NULL AS names_source,
    a.source_kind,
    a.seq,
    a.amount,
    a.allocated_on,
    d.file_row_number AS document_row,
    d.amount AS document_amount,
    s.source_row,
    s.amount AS source_amount,
    d.kind = 'credit_note' AS is_to_credit_note,
    s.currency = d.currency AS is_one_currency,
    a.allocated_on < greatest(s.dated_on, d.issued_on) AS is_early,
    greatest(s.dated_on, d.issued_on) <= getvariable('as_of') AS is_in_force
FROM feed.allocation AS a
LEFT JOIN ledger.document AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
LEFT JOIN sources AS s
    ON a.source_kind = s.source_kind AND a.company_id = s.company_id AND a.source_id = s.source_id
