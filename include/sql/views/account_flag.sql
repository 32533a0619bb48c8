-- Sanctions proposed, in force, refused or released tonight (惩戒状态), one row per account, sanction and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.flag,
    r.state,
    r.since,
    r.decided_by,
    r.decided_at,
    r.reason,
    r.evidence,
    r.evidence_on,
    r.proposed_by,
    r.approver_id,
    r.batch_id,
    r.is_held,
    r.as_of
FROM store.published AS p
INNER JOIN store.account_flag AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
