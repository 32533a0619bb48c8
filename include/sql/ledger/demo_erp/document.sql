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
    CAST(STRPTIME(NULLIF(bill_date, '00000000'), '%Y%m%d') AS DATE) AS issued_on,
    CAST(ccy_code AS VARCHAR) AS currency,
    CAST(ABS(bill_amt) AS DECIMAL(18, 4)) AS amount,
    CAST(STRPTIME(NULLIF(due_date, '00000000'), '%Y%m%d') AS DATE) AS due_on,
    NULLIF(tax_bill_no, '') AS number,
    NULLIF(contract_no, '') AS contract_id,
    NULLIF(red_of_bill, '') AS references_document_id
FROM ar_invoice_h
