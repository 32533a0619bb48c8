-- Sanctions, as published, with the step of the ladder they are and the bound that was met.
SELECT
    f.flag,
    f.state,
    f.since,
    f.reason,
    r.threshold,
    f.evidence,
    f.evidence_on,
    f.proposed_by,
    f.approver_id,
    f.decided_by,
    CAST(f.decided_at AS TIMESTAMP) AS decided_at,
    f.batch_id,
    f.is_held
FROM published.account_flag AS f
INNER JOIN account_scope AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
INNER JOIN policy.sanction AS p ON s.variant = p.variant AND f.flag = p.flag
LEFT JOIN published.decision_reason AS r ON 'flag:' || f.flag = r.decision AND f.reason = r.rule_id
ORDER BY p.place
