SELECT
    company_id AS org_code,
    STRFTIME(month, '%Y%m') AS plan_month,
    account_id AS cust_no,
    currency AS ccy_code,
    amount AS plan_amt,
    IF(is_agreed, 1, 0) AS agree_flag
FROM target
