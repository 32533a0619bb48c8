-- The account's balances as published, one row per currency.
SELECT
    currency,
    open_amount,
    free_credit,
    net_amount,
    credit_balance,
    disputed_amount,
    collectable_amount,
    overdue_amount,
    not_due,
    d1_30,
    d31_60,
    d61_90,
    d91_180,
    d181_365,
    d366_plus
FROM published.account_balance
ORDER BY currency
