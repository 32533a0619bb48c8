-- One row per account and currency with open promises: how much of what is open, and of what is overdue, they cover.
-- materialise: table
SELECT
    company_id,
    account_id,
    currency,
    SUM(promised_amount) AS amount,
    SUM(CASE WHEN days_past_due > 0 THEN promised_amount ELSE 0 END) AS overdue_amount
FROM promised_item
GROUP BY company_id, account_id, currency
