-- What the account owes in each currency at the cut-off: open items less credit that is not applied yet.
SELECT
    company_id,
    account_id,
    currency,
    open_amount,
    free_credit
FROM night.account_balance
ORDER BY currency
