SELECT
    CASE tab_name
        WHEN 'org_company' THEN 'company'
        WHEN 'sales_staff' THEN 'rep'
        WHEN 'cust_master' THEN 'account'
        WHEN 'ar_invoice_h' THEN 'document'
        WHEN 'ar_invoice_term' THEN 'instalment'
        WHEN 'bank_receipt' THEN 'receipt'
        WHEN 'ar_clear' THEN 'allocation'
        WHEN 'ar_dispute' THEN 'dispute'
        WHEN 'pay_promise' THEN 'promise'
        WHEN 'cust_linkman' THEN 'contact'
        WHEN 'sales_contract' THEN 'contract'
        WHEN 'doc_archive' THEN 'evidence'
        WHEN 'visit_log' THEN 'contact_log'
        WHEN 'collect_plan' THEN 'target'
        WHEN 'collect_action' THEN 'measure'
        WHEN 'staff_agent' THEN 'coverage'
        WHEN 'fx_daily' THEN 'fx_rate'
        WHEN 'gl_ar_balance' THEN 'control_total'
        WHEN 'etl_batch' THEN 'load_log'
    END AS table_name,
    CAST(STRPTIME(NULLIF(data_date, '00000000'), '%Y%m%d') AS DATE) AS complete_through,
    TIMEZONE('Asia/Shanghai', end_time) AS loaded_at
FROM etl_batch
