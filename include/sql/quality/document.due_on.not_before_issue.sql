-- severity: warning
-- stage: 0
-- en: A document is not due before it is issued.
-- zh: 单据到期日不得早于开具日。
-- remedy: Check the due date; where payment in advance was agreed, nothing needs to be done.
-- why: a warning, since payment in advance is a real term and the claim itself is not in doubt.
SELECT
    d.file_row_number,
    d.due_on >= d.issued_on AS is_ok
FROM counted.document AS d
