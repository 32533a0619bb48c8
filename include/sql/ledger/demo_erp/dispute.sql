SELECT
    org_code AS company_id,
    dispute_no AS dispute_id,
    bill_no AS document_id,
    CAST(STRPTIME(NULLIF(open_date, '00000000'), '%Y%m%d') AS DATE) AS opened_on,
    CAST(dispute_amt AS DECIMAL(18, 4)) AS amount,
    reason_type AS reason_code,
    NULLIF(staff_no, '') AS owner_rep_id,
    CAST(STRPTIME(NULLIF(limit_date, '00000000'), '%Y%m%d') AS DATE) AS resolve_by,
    CAST(STRPTIME(NULLIF(close_date, '00000000'), '%Y%m%d') AS DATE) AS resolved_on
FROM ar_dispute
