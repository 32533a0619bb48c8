-- One row per paper in our hands at as-of (凭证): what the ledger names, and statements that customers sent back stamped.
-- A statement that was sent proves nothing, and neither does silence: only the last answer counts, and only a
-- confirmation, whose paper is kept somewhere, of figures that no later statement of the same day had replaced by then.
-- materialise: view
SELECT
    company_id,
    account_id,
    evidence_id,
    kind,
    obtained_on,
    document_id,
    uri
FROM ledger.evidence
WHERE obtained_on <= $as_of
UNION ALL
SELECT
    company_id,
    account_id,
    number AS evidence_id,
    'stamped_statement' AS kind,
    received_on AS obtained_on,
    NULL AS document_id,
    uri
FROM statement_confirmed
