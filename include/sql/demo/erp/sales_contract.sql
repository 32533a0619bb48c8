SELECT
    company_id AS org_code,
    contract_id AS contract_no,
    account_id AS cust_no,
    project AS project_name,
    specification AS goods_spec,
    quantity AS goods_qty,
    amount AS contract_amt,
    COALESCE(STRFTIME(signed_on, '%Y%m%d'), '00000000') AS sign_date,
    COALESCE(acceptance_criteria, '') AS accept_rule,
    COALESCE(acceptance_method, '') AS accept_way,
    COALESCE(STRFTIME(accepted_on, '%Y%m%d'), '00000000') AS accept_date,
    payment_method AS pay_way,
    demand_trigger AS pay_cond
FROM contract
