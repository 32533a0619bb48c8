SELECT
    org_code AS company_id,
    bill_no AS document_id,
    CAST(term_no AS BIGINT) AS seq,
    CAST(STRPTIME(NULLIF(term_date, '00000000'), '%Y%m%d') AS DATE) AS due_on,
    CAST(term_amt AS DECIMAL(18, 4)) AS amount,
    retention_flag = 1 AS is_retention
FROM ar_invoice_term
