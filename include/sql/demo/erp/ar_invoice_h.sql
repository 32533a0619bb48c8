SELECT
    company_id AS org_code,
    document_id AS bill_no,
    account_id AS cust_no,
    CASE kind
        WHEN 'invoice' THEN 10
        WHEN 'debit_note' THEN 20
        WHEN 'credit_note' THEN 30
        WHEN 'opening_balance' THEN 40
    END AS bill_type,
    COALESCE(STRFTIME(issued_on, '%Y%m%d'), '00000000') AS bill_date,
    currency AS ccy_code,
    IF(kind = 'credit_note', -amount, amount) AS bill_amt,
    COALESCE(STRFTIME(due_on, '%Y%m%d'), '00000000') AS due_date,
    COALESCE(number, '') AS tax_bill_no,
    COALESCE(contract_id, '') AS contract_no,
    COALESCE(references_document_id, '') AS red_of_bill
FROM document
