-- Days on which something counted as delivery of a notice, with the row or mail that shows it.
SELECT
    d.place,
    d.delivered_on,
    d.evidence,
    l.channel,
    l.outcome,
    l.rep_id,
    m.kind AS message_kind
FROM notice_delivered AS d
LEFT JOIN ledger.contact_log AS l
    ON d.company_id = l.company_id AND d.account_id = l.account_id AND d.evidence = 'contact_log:' || l.log_id
LEFT JOIN ledger.notice AS m
    ON d.company_id = m.company_id AND d.account_id = m.account_id AND d.evidence = 'message:' || m.message_id
ORDER BY d.delivered_on, d.place
