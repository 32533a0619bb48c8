-- severity: critical
-- stage: 1
-- en: A document that raises what is owed has a due date or instalments.
-- zh: 发票、借项通知和期初余额必须有到期日或分期。
-- remedy: Give the document its due date, or its instalments; a claim without one can be neither aged nor asked for.
WITH in_parts AS (
    SELECT DISTINCT f.document_row
    FROM facts.instalment AS f
)

SELECT
    d.file_row_number,
    p.document_row IS NOT NULL AS is_ok
FROM counted.document AS d
LEFT JOIN in_parts AS p ON d.file_row_number = p.document_row
WHERE d.due_on IS NULL AND d.kind <> 'credit_note'
