-- Mails to the customer that its server accepted.
SELECT
    company_id,
    account_id,
    message_id,
    kind,
    sent_on
FROM ledger.notice
WHERE sent_on <= $as_of
ORDER BY sent_on, message_id
