SELECT
    company_id AS org_code,
    COALESCE(STRFTIME(as_of, '%Y%m%d'), '00000000') AS acct_date,
    currency AS ccy_code,
    IF(balance < 0, 'C', 'D') AS dr_cr,
    ABS(balance) AS balance_amt
FROM control_total
