-- The account in each currency.
SELECT
    company_id,
    account_id,
    currency,
    open_amount,
    free_credit,
    net_amount,
    credit_balance,
    disputed_amount
FROM night.account_balance
ORDER BY currency
