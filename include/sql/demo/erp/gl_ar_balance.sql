SELECT
    company_id AS org_code,
    coalesce(strftime(as_of, '%Y%m%d'), '00000000') AS acct_date,
    currency AS ccy_code,
    if(balance < 0, 'C', 'D') AS dr_cr,
    abs(balance) AS balance_amt
FROM control_total
