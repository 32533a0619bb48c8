-- Where the account stood that night, and what shows that the last notice so far was really delivered.
SELECT
    s.company_id,
    s.account_id,
    s.stage,
    s.risk_grade,
    s.pattern,
    s.arrears_nature,
    s.oldest_due_on,
    s.ladder_step,
    r.inputs ->> 'evidence' AS notice_evidence
FROM night.account_status AS s
LEFT JOIN night.decision_reason AS r
    ON s.company_id = r.company_id AND s.account_id = r.account_id AND r.decision = 'ladder'
