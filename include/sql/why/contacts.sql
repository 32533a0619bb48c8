-- Contacts since the oldest counted item fell due, the newest first, and for which notices each is evidence.
SELECT
    l.log_id,
    l.contacted_on,
    l.channel,
    l.outcome,
    l.rep_id,
    l.reason_code,
    l.note,
    l.next_step_on,
    STRING_AGG(n.notice, ', ' ORDER BY n.place) AS counts_as
FROM dated_contact AS l
INNER JOIN account_fact AS f ON l.company_id = f.company_id AND l.account_id = f.account_id
LEFT JOIN policy.notice_evidence AS e
    ON f.variant = e.variant AND e.source = 'contact' AND l.channel = e.channel AND l.outcome = e.outcome
LEFT JOIN policy.notice AS n
    ON
        e.variant = n.variant
        AND e.place = n.place
        AND DATE_DIFF('day', f.oldest_due_on, l.contacted_on) >= n.from_days
WHERE l.contacted_on >= f.oldest_due_on
GROUP BY
    l.log_id, l.contacted_at, l.contacted_on, l.channel, l.outcome, l.rep_id, l.reason_code, l.note, l.next_step_on
ORDER BY l.contacted_at DESC, l.log_id ASC
