SELECT
    org_code AS company_id,
    linkman_no AS contact_id,
    cust_no AS account_id,
    CASE duty WHEN 1 THEN 'decision_maker' WHEN 2 THEN 'acceptor' WHEN 3 THEN 'payer' WHEN 9 THEN 'other' END AS role,
    linkman_name AS name,
    NULLIF(mail_addr, '') AS email,
    NULLIF(tel_no, '') AS phone,
    NULLIF(habit_memo, '') AS habits
FROM cust_linkman
