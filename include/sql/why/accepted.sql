-- What shows that a notice was delivered: channel and outcome of a contact, or kind of a sent mail.
SELECT
    e.place,
    e.source,
    e.channel,
    e.outcome
FROM policy.notice_evidence AS e
INNER JOIN account_scope AS s ON e.variant = s.variant
ORDER BY e.place, e.source, e.channel, e.outcome
