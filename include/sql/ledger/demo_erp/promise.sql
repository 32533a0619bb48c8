SELECT
    org_code AS company_id,
    promise_no AS promise_id,
    cust_no AS account_id,
    CAST(ccy_code AS VARCHAR) AS currency,
    CAST(promise_amt AS DECIMAL(18, 4)) AS amount,
    CAST(STRPTIME(NULLIF(made_date, '00000000'), '%Y%m%d') AS DATE) AS made_on,
    CAST(STRPTIME(NULLIF(pay_date, '00000000'), '%Y%m%d') AS DATE) AS promised_for,
    NULLIF(bill_no, '') AS document_id,
    CAST(STRPTIME(NULLIF(cancel_date, '00000000'), '%Y%m%d') AS DATE) AS withdrawn_on
FROM pay_promise
