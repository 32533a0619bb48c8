SELECT
    org_code AS company_id,
    visit_no AS log_id,
    cust_no AS account_id,
    TIMEZONE('Asia/Shanghai', visit_time) AS contacted_at,
    visit_way AS channel,
    visit_result AS outcome,
    NULLIF(staff_no, '') AS rep_id,
    NULLIF(reason_type, '') AS reason_code,
    visit_memo AS note,
    CAST(STRPTIME(NULLIF(next_date, '00000000'), '%Y%m%d') AS DATE) AS next_step_on
FROM visit_log
