-- Mails about an account that its customer's server accepted (已送达的催款函): evidence that a notice was really sent.
-- column company_id: Company (公司).
-- column account_id: Customer account (客户).
-- column sent_on: Day of sent_at by the clock of the company.
SELECT
    m.message_id,
    m.business_date,
    m.kind,
    a.pair ->> 0 AS company_id,
    a.pair ->> 1 AS account_id,
    m.sent_at,
    (m.sent_at AT TIME ZONE coalesce(m.timezone, 'UTC'))::date AS sent_on
FROM store.message AS m
CROSS JOIN LATERAL jsonb_array_elements(m.accounts) AS a (pair)
WHERE m.state = 'sent' AND m.kind = 'notice'
