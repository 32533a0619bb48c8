SELECT
    company_id AS org_code,
    promise_id AS promise_no,
    account_id AS cust_no,
    currency AS ccy_code,
    amount AS promise_amt,
    COALESCE(STRFTIME(made_on, '%Y%m%d'), '00000000') AS made_date,
    COALESCE(STRFTIME(promised_for, '%Y%m%d'), '00000000') AS pay_date,
    COALESCE(document_id, '') AS bill_no,
    COALESCE(STRFTIME(withdrawn_on, '%Y%m%d'), '00000000') AS cancel_date
FROM promise
