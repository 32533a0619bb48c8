-- Every sanction that was put before an approver, and the answer (审批记录); an empty choice is not approved.
SELECT
    b.business_date,
    b.run_id,
    i.batch_id,
    i.position,
    i.company_id,
    i.account_id,
    i.flag,
    b.approver_id,
    i.proposed_by,
    i.proposed_since,
    i.reason,
    i.stage,
    i.risk_grade,
    i.overdue_functional,
    i.currency,
    i.days_past_due,
    i.evidence,
    i.evidence_on,
    d.choice,
    d.decided_by,
    d.decided_on,
    d.decided_at,
    d.via,
    d.note,
    b.content_hash,
    b.opened_at
FROM store.referral_batch AS b
INNER JOIN store.referral_item AS i ON b.batch_id = i.batch_id
LEFT JOIN store.referral_decision AS d
    ON
        i.batch_id = d.batch_id
        AND i.company_id = d.company_id
        AND i.account_id = d.account_id
        AND i.flag = d.flag
