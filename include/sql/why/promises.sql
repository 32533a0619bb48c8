-- Every promise made by as-of, as published, the newest first; it is judged on its day plus the policy's tolerance.
SELECT
    p.promise_id,
    l.document_id,
    d.number,
    p.currency,
    p.amount,
    l.made_on,
    p.promised_for,
    CAST(DATE_ADD(p.promised_for, v.promise_tolerance_days * INTERVAL 1 DAY) AS DATE) AS judged_on,
    p.state,
    p.level,
    p.received_amount
FROM published.promise_status AS p
INNER JOIN account_scope AS s ON p.company_id = s.company_id AND p.account_id = s.account_id
INNER JOIN policy.variant_parameter AS v ON s.variant = v.variant
LEFT JOIN ledger.promise AS l ON p.company_id = l.company_id AND p.promise_id = l.promise_id
LEFT JOIN ledger.document AS d ON l.company_id = d.company_id AND l.document_id = d.document_id
ORDER BY l.made_on DESC, p.promise_id ASC
