SELECT
    company_id AS org_code,
    dispute_id AS dispute_no,
    document_id AS bill_no,
    coalesce(strftime(opened_on, '%Y%m%d'), '00000000') AS open_date,
    amount AS dispute_amt,
    reason_code AS reason_type,
    coalesce(owner_rep_id, '') AS staff_no,
    coalesce(strftime(resolve_by, '%Y%m%d'), '00000000') AS limit_date,
    coalesce(strftime(resolved_on, '%Y%m%d'), '00000000') AS close_date
FROM dispute
