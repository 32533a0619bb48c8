-- Money received by as-of.
SELECT
    company_id,
    account_id,
    receipt_id,
    received_on,
    currency,
    amount,
    method
FROM ledger.receipt
WHERE received_on <= $as_of
ORDER BY received_on, receipt_id
