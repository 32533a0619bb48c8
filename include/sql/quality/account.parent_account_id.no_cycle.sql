-- severity: warning
-- stage: 1
-- en: No account is, over any number of steps, its own parent.
-- zh: 集团上下级客户关系不得成环。
-- remedy: Correct parent_account_id.
WITH RECURSIVE above AS (
    SELECT
        c.company_id,
        c.account_id,
        c.parent_account_id
    FROM counted.account AS c
    WHERE c.parent_account_id IS NOT NULL
    UNION
    SELECT
        a.company_id,
        a.account_id,
        p.parent_account_id
    FROM above AS a
    INNER JOIN counted.account AS p ON a.company_id = p.company_id AND a.parent_account_id = p.account_id
    WHERE p.parent_account_id IS NOT NULL
)

SELECT
    c.file_row_number,
    FALSE AS is_ok
FROM counted.account AS c
INNER JOIN above AS a
    ON c.company_id = a.company_id AND c.account_id = a.account_id AND c.account_id = a.parent_account_id
