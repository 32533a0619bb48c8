-- What approvers decided on proposed sanctions.
SELECT
    company_id,
    account_id,
    batch_id,
    flag,
    choice,
    proposed_by,
    decided_by,
    decided_on
FROM ledger.referral_decision
WHERE decided_on <= $as_of
ORDER BY decided_on, batch_id, flag
