SELECT
    staff_no AS rep_id,
    staff_name AS name,
    mail_addr AS email,
    CASE lang_flag WHEN 1 THEN 'zh_CN' WHEN 2 THEN 'en' END AS locale,
    NULLIF(leader_no, '') AS manager_id,
    CASE post_type WHEN 10 THEN 'rep' WHEN 20 THEN 'manager' WHEN 30 THEN 'finance' WHEN 40 THEN 'legal' END AS role,
    CAST(day_quota AS BIGINT) AS daily_capacity,
    leave_flag = 0 AS is_active
FROM sales_staff
