SELECT
    CASE table_name
        WHEN 'company' THEN 'org_company'
        WHEN 'rep' THEN 'sales_staff'
        WHEN 'account' THEN 'cust_master'
        WHEN 'document' THEN 'ar_invoice_h'
        WHEN 'instalment' THEN 'ar_invoice_term'
        WHEN 'receipt' THEN 'bank_receipt'
        WHEN 'allocation' THEN 'ar_clear'
        WHEN 'dispute' THEN 'ar_dispute'
        WHEN 'promise' THEN 'pay_promise'
        WHEN 'contact' THEN 'cust_linkman'
        WHEN 'contract' THEN 'sales_contract'
        WHEN 'evidence' THEN 'doc_archive'
        WHEN 'contact_log' THEN 'visit_log'
        WHEN 'target' THEN 'collect_plan'
        WHEN 'measure' THEN 'collect_action'
        WHEN 'coverage' THEN 'staff_agent'
        WHEN 'fx_rate' THEN 'fx_daily'
        WHEN 'control_total' THEN 'gl_ar_balance'
        WHEN 'load_log' THEN 'etl_batch'
    END AS tab_name,
    COALESCE(STRFTIME(complete_through, '%Y%m%d'), '00000000') AS data_date,
    TIMEZONE('Asia/Shanghai', loaded_at) AS end_time
FROM load_log
