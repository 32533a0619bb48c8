-- Sanctions of that night; decided_at in the company's local time.
SELECT
    f.company_id,
    f.account_id,
    f.flag,
    f.state,
    f.since,
    f.decided_by,
    TIMEZONE(c.timezone, f.decided_at) AS decided_at,
    f.reason,
    f.evidence,
    f.evidence_on,
    f.proposed_by
FROM night.account_flag AS f
INNER JOIN ledger.company AS c ON f.company_id = c.company_id
ORDER BY f.since, f.flag
