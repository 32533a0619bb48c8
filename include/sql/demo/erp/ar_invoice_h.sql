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
    coalesce(strftime(issued_on, '%Y%m%d'), '00000000') AS bill_date,
    currency AS ccy_code,
    if(kind = 'credit_note', -amount, amount) AS bill_amt,
    coalesce(strftime(due_on, '%Y%m%d'), '00000000') AS due_date,
    coalesce(number, '') AS tax_bill_no,
    coalesce(contract_id, '') AS contract_no,
    coalesce(references_document_id, '') AS red_of_bill
FROM document
