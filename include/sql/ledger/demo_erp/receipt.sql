SELECT
    org_code AS company_id,
    receipt_no AS receipt_id,
    cust_no AS account_id,
    CAST(value_date AS DATE) AS received_on,
    CAST(ccy_code AS VARCHAR) AS currency,
    CAST(receipt_amt AS DECIMAL(18, 4)) AS amount,
    CASE settle_type
        WHEN 1 THEN 'cash'
        WHEN 2 THEN 'bank_transfer'
        WHEN 3 THEN 'third_party'
        WHEN 4 THEN 'bill'
        WHEN 9 THEN 'other'
    END AS method
FROM bank_receipt
