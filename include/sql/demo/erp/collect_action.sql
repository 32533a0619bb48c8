SELECT
    company_id AS org_code,
    measure_id AS action_no,
    STRFTIME(month, '%Y%m') AS plan_month,
    account_id AS cust_no,
    kind AS action_type,
    expected_uplift AS expect_amt,
    currency AS ccy_code,
    COALESCE(owner_rep_id, '') AS staff_no,
    COALESCE(STRFTIME(done_on, '%Y%m%d'), '00000000') AS done_date
FROM measure
