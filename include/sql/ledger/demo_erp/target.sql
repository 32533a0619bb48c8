SELECT
    org_code AS company_id,
    CAST(STRPTIME(plan_month, '%Y%m') AS DATE) AS month,
    cust_no AS account_id,
    CAST(ccy_code AS VARCHAR) AS currency,
    CAST(plan_amt AS DECIMAL(18, 4)) AS amount,
    agree_flag = 1 AS is_agreed
FROM collect_plan
