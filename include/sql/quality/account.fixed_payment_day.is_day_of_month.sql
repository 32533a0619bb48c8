-- severity: warning
-- stage: 0
-- en: account.fixed_payment_day is a day of the month, 1 to 31.
-- zh: 客户的固定付款日必须在 1 到 31 之间。
-- remedy: Correct the day; until then it is not used.
SELECT
    c.file_row_number,
    c.fixed_payment_day BETWEEN 1 AND 31 AS is_ok
FROM counted.account AS c
