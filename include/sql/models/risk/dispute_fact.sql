-- One row per account with disputes that should have been resolved by now (rule 7, capability E2).
-- materialise: table
SELECT
    d.company_id,
    i.account_id,
    COUNT(DISTINCT d.dispute_id) AS overdue_disputes
FROM ledger.dispute AS d
INNER JOIN open_item AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
WHERE
    d.opened_on <= $as_of
    AND (d.resolved_on IS NULL OR d.resolved_on > $as_of)
    AND d.resolve_by < $business_date
    AND i.disputed_amount > 0
GROUP BY d.company_id, i.account_id
