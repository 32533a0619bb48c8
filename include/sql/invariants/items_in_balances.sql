-- Every open item stands in exactly one balance of its own account and currency.
SELECT
    i.company_id,
    i.account_id,
    i.currency
FROM (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(open_amount) AS open_amount,
        SUM(net_amount) AS net_amount
    FROM open_item
    GROUP BY company_id, account_id, currency
) AS i
LEFT JOIN account_balance AS b
    ON i.company_id = b.company_id AND i.account_id = b.account_id AND i.currency = b.currency
WHERE b.account_id IS NULL OR b.open_amount <> i.open_amount OR b.net_amount <> i.net_amount
