-- severity: critical
-- stage: 1
-- needs: instalment
-- en: The instalments of a document add up to its amount.
-- zh: 各期金额之和必须等于单据金额。
-- remedy: Deliver all instalments of the document with their amounts; the document and its instalments are left out until then.
-- why: instalments that were quarantined themselves are missing from the sum, so that no part of a claim is lost alone.
WITH parts AS (
    SELECT
        f.company_id,
        f.document_id,
        sum(c.amount) AS amount
    FROM feed.instalment AS f
    LEFT JOIN counted.instalment AS c ON f.file_row_number = c.file_row_number
    GROUP BY f.company_id, f.document_id
)

SELECT
    d.file_row_number,
    p.document_id IS NULL OR coalesce(p.amount, 0) = d.amount AS is_ok
FROM counted.document AS d
LEFT JOIN parts AS p ON d.company_id = p.company_id AND d.document_id = p.document_id
