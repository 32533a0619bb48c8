SELECT
    company_id AS org_code,
    promise_id AS promise_no,
    account_id AS cust_no,
    currency AS ccy_code,
    amount AS promise_amt,
    coalesce(strftime(made_on, '%Y%m%d'), '00000000') AS made_date,
    coalesce(strftime(promised_for, '%Y%m%d'), '00000000') AS pay_date,
    coalesce(document_id, '') AS bill_no,
    coalesce(strftime(withdrawn_on, '%Y%m%d'), '00000000') AS cancel_date
FROM promise
