-- Statements of account (对账函), their approval and whether they were sent by mail; an empty choice is not approved.
-- column sent_at: When the customer's server accepted the statement of this number; empty: not sent by mail.
SELECT
    b.business_date,
    b.run_id,
    s.batch_id,
    s.statement_id,
    s.position,
    s.company_id,
    s.account_id,
    s.cut_off,
    s.number,
    s.locale,
    s.contact_id,
    s.balances,
    s.item_count,
    s.page_count,
    d.choice,
    d.decided_by,
    d.decided_on,
    d.decided_at,
    m.sent_at
FROM store.statement AS s
INNER JOIN store.statement_batch AS b ON s.batch_id = b.batch_id
LEFT JOIN store.statement_decision AS d ON s.statement_id = d.statement_id
LEFT JOIN store.message AS m
    ON
        b.business_date = m.business_date
        AND m.kind = 'statement'
        AND m.state = 'sent'
        AND m.recipient = CONCAT_WS('/', s.company_id, s.account_id, s.number)
