SELECT
    org_code AS company_id,
    archive_no AS evidence_id,
    cust_no AS account_id,
    CASE archive_type
        WHEN 1 THEN 'contract'
        WHEN 2 THEN 'delivery_note'
        WHEN 3 THEN 'acceptance_certificate'
        WHEN 4 THEN 'tax_invoice'
        WHEN 5 THEN 'stamped_statement'
        WHEN 6 THEN 'correspondence'
        WHEN 7 THEN 'guarantee'
    END AS kind,
    CAST(STRPTIME(NULLIF(archive_date, '00000000'), '%Y%m%d') AS DATE) AS obtained_on,
    NULLIF(bill_no, '') AS document_id,
    file_path AS uri
FROM doc_archive
