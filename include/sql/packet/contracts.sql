-- Agreements signed by as-of, the newest last.
SELECT
    company_id,
    account_id,
    contract_id,
    project,
    specification,
    quantity,
    amount,
    signed_on,
    acceptance_criteria,
    acceptance_method,
    CASE WHEN accepted_on <= $as_of THEN accepted_on END AS accepted_on,
    payment_method,
    demand_trigger
FROM ledger.contract
WHERE signed_on IS NULL OR signed_on <= $as_of
ORDER BY signed_on NULLS FIRST, contract_id
