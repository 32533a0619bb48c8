-- severity: warning
-- stage: 2
-- en: A dispute is not larger than its document.
-- zh: 争议金额不得超过单据金额。
-- remedy: Correct the amount; until then the document's amount is taken.
SELECT
    t.file_row_number,
    t.amount <= d.amount AS is_ok
FROM counted.dispute AS t
INNER JOIN ledger.document AS d ON t.company_id = d.company_id AND t.document_id = d.document_id
