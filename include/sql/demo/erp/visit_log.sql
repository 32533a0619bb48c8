SELECT
    company_id AS org_code,
    log_id AS visit_no,
    account_id AS cust_no,
    timezone('Asia/Shanghai', contacted_at) AS visit_time,
    channel AS visit_way,
    outcome AS visit_result,
    coalesce(rep_id, '') AS staff_no,
    coalesce(reason_code, '') AS reason_type,
    note AS visit_memo,
    coalesce(strftime(next_step_on, '%Y%m%d'), '00000000') AS next_date
FROM contact_log
