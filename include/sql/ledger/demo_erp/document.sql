SELECT
    org_code AS company_id,
    bill_no AS document_id,
    cust_no AS account_id,
    CASE bill_type
        WHEN 10 THEN 'invoice'
        WHEN 20 THEN 'debit_note'
        WHEN 30 THEN 'credit_note'
        WHEN 40 THEN 'opening_balance'
    END AS kind,
    CAST(strptime(nullif(bill_date, '00000000'), '%Y%m%d') AS DATE) AS issued_on,
    CAST(ccy_code AS VARCHAR) AS currency,
    CAST(abs(bill_amt) AS DECIMAL(18, 4)) AS amount,
    CAST(strptime(nullif(due_date, '00000000'), '%Y%m%d') AS DATE) AS due_on,
    nullif(tax_bill_no, '') AS number,
    nullif(contract_no, '') AS contract_id,
    nullif(red_of_bill, '') AS references_document_id
FROM ar_invoice_h
