-- severity: critical
-- stage: 1
-- needs: instalment
-- en: The instalments of a document add up to its amount.
-- zh: 各期金额之和必须等于单据金额。
-- remedy: Deliver all instalments of the document with their amounts; the document and its instalments are left
--   out until then.
-- why: instalments that were quarantined themselves are missing from the sum, so that no part of a claim is lost
--   alone.
WITH parts AS (
    SELECT
        i.document_row,
        sum(CASE WHEN x.row_number IS NULL THEN i.amount ELSE 0 END) AS amount
    FROM facts.instalment AS i
    LEFT JOIN left_out.instalment AS x ON i.file_row_number = x.row_number
    GROUP BY i.document_row
)

SELECT
    d.file_row_number,
    p.amount = d.amount AS is_ok
FROM counted.document AS d
INNER JOIN parts AS p ON d.file_row_number = p.document_row
