-- Every active sanction has an approval by a person who did not propose it, on record before tonight.
SELECT
    a.company_id,
    a.account_id,
    a.flag
FROM account_flag AS a
LEFT JOIN ledger.referral_decision AS d
    ON
        a.batch_id = d.batch_id
        AND a.company_id = d.company_id
        AND a.account_id = d.account_id
        AND a.flag = d.flag
        AND d.choice = 'approved'
        AND d.decided_on <= $as_of
WHERE
    a.state IN ('active', 'approved')
    AND (d.batch_id IS NULL OR d.decided_by = a.proposed_by OR a.decided_by IS DISTINCT FROM d.decided_by)
