-- severity: warning
-- stage: 1
-- en: The parent of an account is an account of the same company.
-- zh: 上级客户必须是同一公司的客户。
-- remedy: Deliver the parent account, or correct parent_account_id; until then the account stands alone.
SELECT
    c.file_row_number,
    p.account_id IS NOT NULL AS is_ok
FROM counted.account AS c
LEFT JOIN counted.account AS p ON c.company_id = p.company_id AND c.parent_account_id = p.account_id
WHERE c.parent_account_id IS NOT NULL
