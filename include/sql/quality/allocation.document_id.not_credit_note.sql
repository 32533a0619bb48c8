-- severity: critical
-- stage: 1
-- en: An allocation is applied to a document that raises what is owed, never to a credit note.
-- zh: 核销对象不得为红字单据。
-- remedy: Swap source and target: the credit note is the source, the document it settles is the target.
SELECT
    a.file_row_number,
    NOT a.is_to_credit_note AS is_ok
FROM facts.allocation AS a
