-- Disputes open at as-of: what the customer disputes, how much of it counts tonight, who resolves it and by when.
WITH item AS (
    SELECT
        company_id,
        document_id,
        MIN(currency) AS currency,
        SUM(disputed_amount) AS disputed_amount
    FROM published.open_item
    GROUP BY company_id, document_id
)

SELECT
    s.dispute_id,
    s.document_id,
    d.number,
    d.currency,
    s.opened_on,
    s.amount,
    COALESCE(i.disputed_amount, 0) AS document_disputed_amount,
    s.reason_code,
    s.owner_rep_id,
    s.resolve_by,
    COALESCE(s.resolve_by < $business_date, FALSE) AS is_late
FROM ledger.dispute AS s
INNER JOIN ledger.document AS d ON s.company_id = d.company_id AND s.document_id = d.document_id
LEFT JOIN item AS i ON s.company_id = i.company_id AND s.document_id = i.document_id
WHERE s.opened_on <= $as_of AND (s.resolved_on IS NULL OR s.resolved_on > $as_of)
ORDER BY s.opened_on, s.dispute_id
