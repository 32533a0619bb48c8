-- One row per part of a company, currency, close and bucket with something open in it; amount_days is the open amount
-- times the days since its document was issued.
-- materialise: table
SELECT
    i.company_id,
    m.segment,
    m.rep_id,
    i.currency,
    i.closed_on,
    i.bucket,
    SUM(i.items) AS items,
    SUM(i.open_amount) AS open_amount,
    SUM(i.amount_days) AS amount_days
FROM close_account AS i
INNER JOIN account_member AS m ON i.company_id = m.company_id AND i.account_id = m.account_id
GROUP BY i.company_id, m.segment, m.rep_id, i.currency, i.closed_on, i.bucket
