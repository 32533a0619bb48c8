-- severity: warning
-- stage: 2
-- en: An instalment is not due before its document is issued.
-- zh: 分期到期日不得早于单据开具日。
-- remedy: Check the due date; where payment in advance was agreed, nothing needs to be done.
-- why: a warning, since payment in advance is a real term and the claim itself is not in doubt.
SELECT
    i.file_row_number,
    NOT i.is_due_before_issue AS is_ok
FROM facts.instalment AS i
ANTI JOIN left_out.instalment AS x ON i.file_row_number = x.row_number
