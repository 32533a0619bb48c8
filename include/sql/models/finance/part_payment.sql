-- One row per part of a company, currency and day on which receipts paid something: how much, times the days after the
-- due date, and times the days after the issue of the document; paid early is 0 days.
-- materialise: table
SELECT
    s.company_id,
    m.segment,
    m.rep_id,
    s.currency,
    s.settled_on AS on_date,
    SUM(s.amount) AS amount,
    SUM(s.amount * CAST(GREATEST(DATE_DIFF('day', s.due_on, s.settled_on), 0) AS DECIMAL(6, 0))) AS late_amount_days,
    SUM(s.amount * CAST(GREATEST(DATE_DIFF('day', s.issued_on, s.settled_on), 0) AS DECIMAL(6, 0))) AS amount_days
FROM settled_line AS s
INNER JOIN account_member AS m ON s.company_id = m.company_id AND s.account_id = m.account_id
WHERE s.source_kind = 'receipt' AND s.amount > 0 AND s.settled_on <= $as_of
GROUP BY s.company_id, m.segment, m.rep_id, s.currency, s.settled_on
