-- One row per account, currency, close and bucket with something open in it; amount_days is the open amount times the
-- days since its document was issued.
-- materialise: table
SELECT
    company_id,
    account_id,
    currency,
    closed_on,
    bucket,
    COUNT(*) AS items,
    SUM(open_amount) AS open_amount,
    SUM(open_amount * CAST(DATE_DIFF('day', issued_on, closed_on) AS DECIMAL(6, 0))) AS amount_days
FROM close_item
GROUP BY company_id, account_id, currency, closed_on, bucket
