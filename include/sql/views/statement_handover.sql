-- Statements of account (对账函) that people delivered on paper, every delivery.
SELECT
    b.business_date,
    h.statement_id,
    s.company_id,
    s.account_id,
    s.cut_off,
    s.number,
    h.position,
    h.handed_on,
    h.note,
    h.recorded_by,
    h.recorded_at
FROM store.statement_handover AS h
INNER JOIN store.statement AS s ON h.statement_id = s.statement_id
INNER JOIN store.statement_batch AS b ON s.batch_id = b.batch_id
