-- Every sanction that is proposed, approved or active stands on a step before it that was delivered by as-of.
SELECT
    company_id,
    account_id,
    flag,
    state
FROM account_flag
WHERE
    state IN ('proposed', 'approved', 'active')
    AND (evidence IS NULL OR evidence_on IS NULL OR evidence_on > $business_date OR proposed_by IS NULL)
