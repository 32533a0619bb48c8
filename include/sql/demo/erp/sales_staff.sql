SELECT
    rep_id AS staff_no,
    name AS staff_name,
    email AS mail_addr,
    CASE locale WHEN 'zh_CN' THEN 1 WHEN 'en' THEN 2 END AS lang_flag,
    COALESCE(manager_id, '') AS leader_no,
    CASE role WHEN 'rep' THEN 10 WHEN 'manager' THEN 20 WHEN 'finance' THEN 30 WHEN 'legal' THEN 40 END AS post_type,
    daily_capacity AS day_quota,
    IF(is_active, 0, 1) AS leave_flag
FROM rep
