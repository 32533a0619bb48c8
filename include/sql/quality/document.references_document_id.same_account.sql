-- severity: warning
-- stage: 2
-- en: A credit note references a document of the same account and currency, and not a credit note.
-- zh: 红字单据引用的单据必须属于同一客户、同一币种，且不是红字单据。
-- remedy: Correct the reference; until then the credit note is free credit of its own account.
SELECT
    d.file_row_number,
    r.account_id = d.account_id AND r.currency = d.currency AND r.kind <> 'credit_note' AS is_ok
FROM counted.document AS d
INNER JOIN ledger.document AS r
    ON d.company_id = r.company_id AND d.references_document_id = r.document_id
WHERE d.kind = 'credit_note'
