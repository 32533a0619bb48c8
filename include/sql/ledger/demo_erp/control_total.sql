SELECT
    org_code AS company_id,
    CAST(STRPTIME(NULLIF(acct_date, '00000000'), '%Y%m%d') AS DATE) AS as_of,
    CAST(ccy_code AS VARCHAR) AS currency,
    CAST(IF(dr_cr = 'C', -balance_amt, balance_amt) AS DECIMAL(18, 4)) AS balance
FROM gl_ar_balance
