SELECT
    company_id AS org_code,
    allocation_id AS clear_no,
    CASE source_kind WHEN 'receipt' THEN 1 WHEN 'credit_note' THEN 2 WHEN 'write_off' THEN 3 END AS clear_type,
    source_id AS from_no,
    document_id AS bill_no,
    amount AS clear_amt,
    COALESCE(STRFTIME(allocated_on, '%Y%m%d'), '00000000') AS clear_date,
    COALESCE(seq, 0) AS term_no
FROM allocation
