-- What customers answered to statements (对账回函), every answer; the one written down last counts. Silence is no reply.
-- column shown_amount: Balance that the statement showed in this currency.
SELECT
    b.business_date,
    r.statement_id,
    s.company_id,
    s.account_id,
    s.cut_off,
    s.number,
    r.position,
    r.outcome,
    r.received_on,
    r.currency,
    r.stated_amount,
    (s.balances -> r.currency ->> 'balance')::numeric(18, 4) AS shown_amount,
    r.document_id,
    r.uri,
    r.note,
    r.recorded_by,
    r.recorded_at
FROM store.statement_reply AS r
INNER JOIN store.statement AS s ON r.statement_id = s.statement_id
INNER JOIN store.statement_batch AS b ON s.batch_id = b.batch_id
