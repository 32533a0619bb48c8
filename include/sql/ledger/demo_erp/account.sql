SELECT
    org_code AS company_id,
    cust_no AS account_id,
    cust_name AS name,
    CASE cust_grade
        WHEN 1 THEN 'standard'
        WHEN 2 THEN 'key'
        WHEN 3 THEN 'strategic'
        WHEN 4 THEN 'government'
    END AS segment,
    CASE sell_mode
        WHEN 1 THEN 'passive'
        WHEN 2 THEN 'sales_led'
        WHEN 3 THEN 'collection_led'
        WHEN 4 THEN 'strategic'
    END AS orientation,
    NULLIF(staff_no, '') AS rep_id,
    CASE lang_flag WHEN 1 THEN 'zh_CN' WHEN 2 THEN 'en' END AS locale,
    NULLIF(group_cust_no, '') AS parent_account_id,
    CAST(NULLIF(credit_amt, -1) AS DECIMAL(18, 4)) AS credit_limit,
    NULLIF(credit_class, '') AS credit_rating,
    country_code AS country,
    tax_no AS tax_id,
    CAST(STRPTIME(NULLIF(verify_date, '00000000'), '%Y%m%d') AS DATE) AS verified_on,
    CASE cust_state WHEN 1 THEN 'active' WHEN 8 THEN 'insolvent' WHEN 9 THEN 'closed' END AS status,
    CAST(STRPTIME(NULLIF(hold_until, '00000000'), '%Y%m%d') AS DATE) AS do_not_contact_until,
    CAST(close_day AS BIGINT) AS book_closing_day,
    CAST(transfer_days AS BIGINT) AS bank_transfer_days,
    CAST(NULLIF(pay_day, 0) AS BIGINT) AS fixed_payment_day,
    cust_flags & 4 = 4 AS needs_budget,
    NULLIF(invoice_memo, '') AS invoice_requirements
FROM cust_master
