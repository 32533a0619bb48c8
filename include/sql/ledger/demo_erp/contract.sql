SELECT
    org_code AS company_id,
    contract_no AS contract_id,
    cust_no AS account_id,
    project_name AS project,
    goods_spec AS specification,
    CAST(goods_qty AS DECIMAL(18, 4)) AS quantity,
    CAST(contract_amt AS DECIMAL(18, 4)) AS amount,
    CAST(STRPTIME(NULLIF(sign_date, '00000000'), '%Y%m%d') AS DATE) AS signed_on,
    NULLIF(accept_rule, '') AS acceptance_criteria,
    NULLIF(accept_way, '') AS acceptance_method,
    CAST(STRPTIME(NULLIF(accept_date, '00000000'), '%Y%m%d') AS DATE) AS accepted_on,
    pay_way AS payment_method,
    pay_cond AS demand_trigger
FROM sales_contract
