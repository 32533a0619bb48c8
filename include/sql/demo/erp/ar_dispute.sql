SELECT
    company_id AS org_code,
    dispute_id AS dispute_no,
    document_id AS bill_no,
    COALESCE(STRFTIME(opened_on, '%Y%m%d'), '00000000') AS open_date,
    amount AS dispute_amt,
    reason_code AS reason_type,
    COALESCE(owner_rep_id, '') AS staff_no,
    COALESCE(STRFTIME(resolve_by, '%Y%m%d'), '00000000') AS limit_date,
    COALESCE(STRFTIME(resolved_on, '%Y%m%d'), '00000000') AS close_date
FROM dispute
