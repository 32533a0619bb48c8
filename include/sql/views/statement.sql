-- Statements of account (对账函), their approval and how they were delivered; an empty choice is not approved.
-- column decided_day: Day of decided_at by the clock of the company.
-- column sent_at: When the customer's server accepted the statement of this number; empty: not sent by mail.
-- column sent_on: Day of sent_at by the clock of the company.
-- column handed_on: Day on which a person delivered the statement of this number on paper, the last one.
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
    (d.decided_at AT TIME ZONE COALESCE(c.timezone, m.timezone, 'UTC'))::date AS decided_day,
    m.sent_at,
    (m.sent_at AT TIME ZONE COALESCE(m.timezone, 'UTC'))::date AS sent_on,
    h.handed_on
FROM store.statement AS s
INNER JOIN store.statement_batch AS b ON s.batch_id = b.batch_id
LEFT JOIN store.company AS c
    ON b.business_date = c.business_date AND b.run_id = c.run_id AND s.company_id = c.company_id
LEFT JOIN store.statement_decision AS d ON s.statement_id = d.statement_id
LEFT JOIN store.message AS m
    ON
        b.business_date = m.business_date
        AND m.kind = 'statement'
        AND m.state = 'sent'
        AND m.recipient = CONCAT_WS('/', s.company_id, s.account_id, s.number)
LEFT JOIN (
    SELECT
        company_id,
        account_id,
        number,
        MAX(handed_on) AS handed_on
    FROM collections.statement_handover
    GROUP BY company_id, account_id, number
) AS h ON s.company_id = h.company_id AND s.account_id = h.account_id AND s.number = h.number
