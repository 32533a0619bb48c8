-- Papers in our hands at as-of.
SELECT
    e.company_id,
    e.account_id,
    e.evidence_id,
    e.kind,
    e.obtained_on,
    e.document_id,
    COALESCE(d.number, d.document_id) AS number,
    e.uri
FROM paper AS e
LEFT JOIN ledger.document AS d ON e.company_id = d.company_id AND e.document_id = d.document_id
ORDER BY e.kind, e.obtained_on, e.evidence_id
