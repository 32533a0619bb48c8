SELECT
    org_code AS company_id,
    clear_no AS allocation_id,
    CASE clear_type WHEN 1 THEN 'receipt' WHEN 2 THEN 'credit_note' WHEN 3 THEN 'write_off' END AS source_kind,
    from_no AS source_id,
    bill_no AS document_id,
    CAST(clear_amt AS DECIMAL(18, 4)) AS amount,
    CAST(STRPTIME(NULLIF(clear_date, '00000000'), '%Y%m%d') AS DATE) AS allocated_on,
    CAST(NULLIF(term_no, 0) AS BIGINT) AS seq
FROM ar_clear
