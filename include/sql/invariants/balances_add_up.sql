-- The buckets of a balance add up to its open amount, and open less used credit is its net amount.
SELECT
    company_id,
    account_id,
    currency
FROM account_balance
WHERE
    open_amount <> not_due + d1_30 + d31_60 + d61_90 + d91_180 + d181_365 + d366_plus
    OR net_amount <> open_amount - (free_credit - credit_balance)
    OR credit_balance < 0
    OR overdue_amount > collectable_amount
