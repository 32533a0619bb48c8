-- Promises to pay and what became of them.
SELECT
    s.company_id,
    s.account_id,
    s.promise_id,
    s.currency,
    s.amount,
    p.made_on,
    s.promised_for,
    COALESCE(d.number, d.document_id) AS number,
    s.state,
    s.received_amount,
    s.level
FROM night.promise_status AS s
INNER JOIN ledger.promise AS p ON s.company_id = p.company_id AND s.promise_id = p.promise_id
LEFT JOIN ledger.document AS d ON p.company_id = d.company_id AND p.document_id = d.document_id
ORDER BY p.made_on, s.promise_id
