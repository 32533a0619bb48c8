SELECT
    company_id AS org_code,
    contact_id AS linkman_no,
    account_id AS cust_no,
    CASE role WHEN 'decision_maker' THEN 1 WHEN 'acceptor' THEN 2 WHEN 'payer' THEN 3 WHEN 'other' THEN 9 END AS duty,
    name AS linkman_name,
    COALESCE(email, '') AS mail_addr,
    COALESCE(phone, '') AS tel_no,
    COALESCE(habits, '') AS habit_memo
FROM contact
