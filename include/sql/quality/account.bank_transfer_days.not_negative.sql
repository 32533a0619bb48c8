-- severity: warning
-- stage: 0
-- en: account.bank_transfer_days is a number of days, 0 or more.
-- zh: 客户的转账天数不得为负。
-- remedy: Correct the number; until then it is not used.
SELECT
    c.file_row_number,
    c.bank_transfer_days >= 0 AS is_ok
FROM counted.account AS c
