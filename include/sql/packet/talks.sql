-- Entries of the contact log; contacted_at in the company's local time, by whose day it counts.
SELECT
    l.company_id,
    l.account_id,
    l.log_id,
    TIMEZONE(c.timezone, l.contacted_at) AS contacted_at,
    l.channel,
    l.outcome,
    l.rep_id,
    l.reason_code,
    l.note,
    l.next_step_on
FROM ledger.contact_log AS l
INNER JOIN ledger.company AS c ON l.company_id = c.company_id
WHERE CAST(TIMEZONE(c.timezone, l.contacted_at) AS DATE) <= $as_of
ORDER BY l.contacted_at, l.log_id
