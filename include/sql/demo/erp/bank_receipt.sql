SELECT
    company_id AS org_code,
    receipt_id AS receipt_no,
    account_id AS cust_no,
    CAST(received_on AS TIMESTAMP) AS value_date,
    currency AS ccy_code,
    amount AS receipt_amt,
    CASE method
        WHEN 'cash' THEN 1
        WHEN 'bank_transfer' THEN 2
        WHEN 'third_party' THEN 3
        WHEN 'bill' THEN 4
        WHEN 'other' THEN 9
    END AS settle_type
FROM receipt
