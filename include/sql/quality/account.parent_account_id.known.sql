-- severity: warning
-- stage: 1
-- en: The parent of an account is an account of the same company.
-- zh: 上级客户必须是同一公司的客户。
-- remedy: Deliver the parent account, or correct parent_account_id; until then the account stands alone.
SELECT
    c.file_row_number,
    EXISTS (
        SELECT 1 FROM counted.account AS p
        WHERE p.company_id = c.company_id AND p.account_id = c.parent_account_id
    ) AS is_ok
FROM counted.account AS c
WHERE c.parent_account_id IS NOT NULL
