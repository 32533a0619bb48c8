SELECT
    company_id AS org_code,
    evidence_id AS archive_no,
    account_id AS cust_no,
    CASE kind
        WHEN 'contract' THEN 1
        WHEN 'delivery_note' THEN 2
        WHEN 'acceptance_certificate' THEN 3
        WHEN 'tax_invoice' THEN 4
        WHEN 'stamped_statement' THEN 5
        WHEN 'correspondence' THEN 6
        WHEN 'guarantee' THEN 7
    END AS archive_type,
    COALESCE(STRFTIME(obtained_on, '%Y%m%d'), '00000000') AS archive_date,
    COALESCE(document_id, '') AS bill_no,
    uri AS file_path
FROM evidence
