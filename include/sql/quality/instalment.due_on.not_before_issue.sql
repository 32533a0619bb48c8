-- severity: warning
-- stage: 2
-- en: An instalment is not due before its document is issued.
-- zh: 分期到期日不得早于单据开具日。
-- remedy: Check the due date; where payment in advance was agreed, nothing needs to be done.
-- why: a warning, since payment in advance is a real term and the claim itself is not in doubt.
SELECT
    i.file_row_number,
    i.due_on >= d.issued_on AS is_ok
FROM counted.instalment AS i
INNER JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
