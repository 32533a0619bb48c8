-- Where does money lie that is not applied to an invoice?
-- 哪些到账款尚未核销？
SELECT
    company_id,
    currency,
    count(*) AS accounts,
    sum(free_credit) AS free_credit,
    sum(credit_balance) AS met_no_item
FROM account_balance
WHERE business_date = $business_date AND free_credit > 0
GROUP BY company_id, currency
ORDER BY company_id, currency
