SELECT
    company_id AS org_code,
    log_id AS visit_no,
    account_id AS cust_no,
    TIMEZONE('Asia/Shanghai', contacted_at) AS visit_time,
    channel AS visit_way,
    outcome AS visit_result,
    COALESCE(rep_id, '') AS staff_no,
    COALESCE(reason_code, '') AS reason_type,
    note AS visit_memo,
    COALESCE(STRFTIME(next_step_on, '%Y%m%d'), '00000000') AS next_date
FROM contact_log
