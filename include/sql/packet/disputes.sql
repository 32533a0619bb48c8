-- Disputes opened by as-of, resolved ones too.
SELECT
    d.company_id,
    d.account_id,
    x.dispute_id,
    x.document_id,
    COALESCE(d.number, d.document_id) AS number,
    d.currency,
    x.opened_on,
    x.amount,
    x.reason_code,
    x.owner_rep_id,
    x.resolve_by,
    CASE WHEN x.resolved_on <= $as_of THEN x.resolved_on END AS resolved_on
FROM ledger.dispute AS x
INNER JOIN ledger.document AS d ON x.company_id = d.company_id AND x.document_id = d.document_id
WHERE x.opened_on <= $as_of
ORDER BY x.opened_on, x.dispute_id
