-- A new proposal follows an active sanction one place below it, or the last notice; insolvency alone leads past them.
SELECT
    a.company_id,
    a.account_id,
    a.flag
FROM account_flag AS a
INNER JOIN account_fact AS f ON a.company_id = f.company_id AND a.account_id = f.account_id
INNER JOIN sanction_step AS s ON f.variant = s.variant AND f.segment = s.segment AND a.flag = s.flag
LEFT JOIN sanction_step AS b ON s.variant = b.variant AND s.segment = b.segment AND s.place = b.place + 1
LEFT JOIN account_flag AS t
    ON a.company_id = t.company_id AND a.account_id = t.account_id AND b.flag = t.flag AND t.state = 'active'
LEFT JOIN notice_chain AS n ON a.company_id = n.company_id AND a.account_id = n.account_id
WHERE
    a.state = 'proposed'
    AND a.since = $business_date
    AND a.reason <> 'legal_referral.insolvent'
    AND CASE WHEN s.place = 1 THEN n.next_notice IS NOT NULL OR n.place IS NULL ELSE t.flag IS NULL END
