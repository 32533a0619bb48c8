-- One row per document with allocations: the amount applied to it.
-- materialise: view
SELECT
    company_id,
    document_id,
    SUM(amount) AS applied_amount
FROM counted_allocation
GROUP BY company_id, document_id
