-- The debtor (债务人) as the ledger knows it.
SELECT
    company_id,
    account_id,
    name,
    COALESCE(segment, 'standard') AS segment,
    COALESCE(status, 'active') AS status,
    locale,
    country,
    tax_id,
    CASE WHEN verified_on <= $as_of THEN verified_on END AS verified_on,
    rep_id
FROM ledger.account
