-- One row per account and sanction whose step before was really delivered long enough ago (rule 10): the last notice
-- for the first sanction, for each later one the sanction before it. Insolvency needs none.
-- materialise: table
SELECT
    c.company_id,
    c.account_id,
    s.flag,
    c.evidence,
    c.delivered_on AS evidence_on
FROM notice_chain AS c
INNER JOIN policy.variant_parameter AS p ON c.variant = p.variant AND c.place = p.notices
INNER JOIN account_scope AS a ON c.company_id = a.company_id AND c.account_id = a.account_id
INNER JOIN sanction_step AS s
    ON
        a.variant = s.variant
        AND a.segment = s.segment
        AND s.place = 1
        AND DATE_DIFF('day', c.delivered_on, $business_date) >= s.wait_days
UNION ALL
SELECT
    y.company_id,
    y.account_id,
    s.flag,
    'flag:' || y.flag AS evidence,
    y.since AS evidence_on
FROM previous.account_flag AS y
INNER JOIN sanction_entry AS e ON y.company_id = e.company_id AND y.account_id = e.account_id AND y.flag = e.flag
INNER JOIN account_fact AS f ON y.company_id = f.company_id AND y.account_id = f.account_id
INNER JOIN sanction_step AS b ON f.variant = b.variant AND f.segment = b.segment AND y.flag = b.flag
INNER JOIN sanction_step AS s
    ON
        b.variant = s.variant
        AND b.segment = s.segment
        AND b.place + 1 = s.place
        AND DATE_DIFF('day', y.since, $business_date) >= s.wait_days
WHERE y.state = 'active' AND NOT f.is_insolvent
UNION ALL
SELECT
    company_id,
    account_id,
    flag,
    'account:insolvent' AS evidence,
    $as_of AS evidence_on
FROM sanction_entry
WHERE rule_id = 'legal_referral.insolvent'
