-- What approvers decided by as-of, the newest first.
SELECT
    batch_id,
    flag,
    choice,
    proposed_by,
    decided_by,
    decided_on
FROM ledger.referral_decision
WHERE decided_on <= $as_of
ORDER BY decided_on DESC, batch_id DESC, flag ASC
