-- severity: warning
-- stage: 1
-- needs: instalment
-- en: An allocation that names an instalment names one that exists.
-- zh: 核销所指的分期必须存在。
-- remedy: Correct seq, or leave it empty: the oldest due date is then filled first.
SELECT
    a.file_row_number,
    a.document_row IS NULL OR (a.seq = 1 AND NOT a.has_instalments) OR EXISTS (
        SELECT 1 FROM counted.instalment AS i
        WHERE i.company_id = a.company_id AND i.document_id = a.document_id AND i.seq = a.seq
    ) AS is_ok
FROM facts.allocation AS a
WHERE a.seq IS NOT NULL
