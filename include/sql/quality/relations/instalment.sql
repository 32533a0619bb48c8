-- Each instalment that counts, with the row of its document (null: unknown, or quarantined in the first stage).
SELECT
    i.file_row_number,
    i.company_id IS NOT NULL AND i.document_id IS NOT NULL AS names_document,
    i.seq,
    i.amount,
    d.file_row_number AS document_row,
    i.due_on < d.issued_on AS is_due_before_issue
FROM feed.instalment AS i
LEFT JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
