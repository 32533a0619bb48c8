SELECT
    company_id AS org_code,
    document_id AS bill_no,
    seq AS term_no,
    COALESCE(STRFTIME(due_on, '%Y%m%d'), '00000000') AS term_date,
    amount AS term_amt,
    IF(is_retention, 1, 0) AS retention_flag
FROM instalment
