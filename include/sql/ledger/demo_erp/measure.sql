SELECT
    org_code AS company_id,
    action_no AS measure_id,
    CAST(STRPTIME(plan_month, '%Y%m') AS DATE) AS month,
    cust_no AS account_id,
    action_type AS kind,
    CAST(expect_amt AS DECIMAL(18, 4)) AS expected_uplift,
    CAST(ccy_code AS VARCHAR) AS currency,
    NULLIF(staff_no, '') AS owner_rep_id,
    CAST(STRPTIME(NULLIF(done_date, '00000000'), '%Y%m%d') AS DATE) AS done_on
FROM collect_action
