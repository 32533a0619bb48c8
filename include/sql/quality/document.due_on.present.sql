-- severity: critical
-- stage: 1
-- en: A document that raises what is owed has a due date or instalments.
-- zh: 发票、借项通知和期初余额必须有到期日或分期。
-- remedy: Give the document its due date, or its instalments; a claim without one can be neither aged nor asked for.
SELECT
    d.file_row_number,
    d.due_on IS NOT NULL
    OR d.kind = 'credit_note'
    OR EXISTS (
        SELECT 1 FROM feed.instalment AS i
        WHERE i.company_id = d.company_id AND i.document_id = d.document_id
    ) AS is_ok
FROM counted.document AS d
