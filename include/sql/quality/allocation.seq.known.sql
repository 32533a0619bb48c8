-- severity: warning
-- stage: 1
-- en: An allocation that names an instalment names one that exists.
-- zh: 核销所指的分期必须存在。
-- remedy: Correct seq, or leave it empty: the oldest due date is then filled first.
SELECT
    a.file_row_number,
    EXISTS (
        SELECT 1 FROM facts.instalment AS i
        WHERE i.document_row = a.document_row AND i.seq = a.seq
    )
    OR (a.seq = 1 AND a.document_row NOT IN (
        SELECT i.document_row FROM facts.instalment AS i WHERE i.document_row IS NOT NULL
    )) AS is_ok
FROM facts.allocation AS a
WHERE a.seq IS NOT NULL AND a.document_row IS NOT NULL
