-- severity: warning
-- stage: 1
-- en: An allocation that names an instalment names one that exists.
-- zh: 核销所指的分期必须存在。
-- remedy: Correct seq, or leave it empty: the oldest due date is then filled first.
SELECT
    a.file_row_number,
    coalesce(bool_or(i.seq = a.seq), a.seq = 1) AS is_ok -- a document without instalments has one part, number 1
FROM facts.allocation AS a
LEFT JOIN facts.instalment AS i ON a.document_row = i.document_row
WHERE a.seq IS NOT NULL AND a.document_row IS NOT NULL
GROUP BY a.file_row_number, a.seq
