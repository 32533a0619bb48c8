-- One row per account that was contacted in the long window: attempts, and how they ended (联系情况).
-- materialise: table
SELECT
    l.company_id,
    l.account_id,
    COUNT(*) AS contacts_count,
    COUNT(*) FILTER (WHERE u.outcome IS NOT NULL) AS unanswered_contacts,
    COUNT(*) FILTER (WHERE r.outcome IS NOT NULL) AS refused_contacts,
    COUNT(*) FILTER (WHERE l.reason_code IS NOT NULL) AS reasoned_contacts,
    MAX(l.contacted_on) AS last_contacted_on
FROM dated_contact AS l
CROSS JOIN policy.look_back AS w
LEFT JOIN policy.contact_outcome AS u ON l.outcome = u.outcome AND u.meaning = 'unanswered'
LEFT JOIN policy.contact_outcome AS r ON l.outcome = r.outcome AND r.meaning = 'refused'
WHERE l.contacted_on > w.long_from
GROUP BY l.company_id, l.account_id
