-- What people decided against the rules.
SELECT
    company_id,
    account_id,
    override_id,
    flag,
    effect,
    author,
    reason,
    from_on,
    expires_on
FROM ledger.sanction_override
WHERE from_on <= $as_of
ORDER BY from_on, override_id
