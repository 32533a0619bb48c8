SELECT
    company_id AS org_code,
    account_id AS cust_no,
    name AS cust_name,
    CASE segment
        WHEN 'standard' THEN 1
        WHEN 'key' THEN 2
        WHEN 'strategic' THEN 3
        WHEN 'government' THEN 4
    END AS cust_grade,
    CASE orientation
        WHEN 'passive' THEN 1
        WHEN 'sales_led' THEN 2
        WHEN 'collection_led' THEN 3
        WHEN 'strategic' THEN 4
    END AS sell_mode,
    COALESCE(rep_id, '') AS staff_no,
    CASE locale WHEN 'zh_CN' THEN 1 WHEN 'en' THEN 2 END AS lang_flag,
    COALESCE(parent_account_id, '') AS group_cust_no,
    COALESCE(credit_limit, -1) AS credit_amt,
    COALESCE(credit_rating, '') AS credit_class,
    country AS country_code,
    tax_id AS tax_no,
    COALESCE(STRFTIME(verified_on, '%Y%m%d'), '00000000') AS verify_date,
    CASE status WHEN 'active' THEN 1 WHEN 'insolvent' THEN 8 WHEN 'closed' THEN 9 END AS cust_state,
    COALESCE(STRFTIME(do_not_contact_until, '%Y%m%d'), '00000000') AS hold_until,
    book_closing_day AS close_day,
    bank_transfer_days AS transfer_days,
    COALESCE(fixed_payment_day, 0) AS pay_day,
    IF(needs_budget, 4, 0) AS cust_flags,
    COALESCE(invoice_requirements, '') AS invoice_memo
FROM account
