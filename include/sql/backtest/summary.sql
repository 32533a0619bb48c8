-- The difference in figures: name, scope, value, unit.
WITH last_night AS (
    SELECT MAX(business_date) AS business_date
    FROM money
),

-- An account counts once for each effect, however many sanctions it has.
sanctioned AS (
    SELECT
        effect,
        company_id,
        account_id,
        currency,
        ARG_MIN(overdue_functional, differs_on) AS overdue_functional
    FROM sanction
    GROUP BY effect, company_id, account_id, currency
)

SELECT
    'nights' AS name,
    'all' AS scope,
    CAST(COUNT(DISTINCT business_date) AS DECIMAL(38, 4)) AS value,
    'nights' AS unit
FROM money
UNION ALL
SELECT
    'accounts' AS name,
    'company/' || m.company_id AS scope,
    CAST(m.accounts AS DECIMAL(38, 4)) AS value,
    'accounts' AS unit
FROM money AS m
INNER JOIN last_night AS n ON m.business_date = n.business_date
UNION ALL
SELECT
    'moved_accounts' AS name,
    'company/' || company_id AS scope,
    CAST(COUNT(*) AS DECIMAL(38, 4)) AS value,
    'accounts' AS unit
FROM moved_account
GROUP BY company_id
UNION ALL
SELECT
    'moved_accounts_last_night' AS name,
    'company/' || m.company_id AS scope,
    CAST(m.moved_accounts AS DECIMAL(38, 4)) AS value,
    'accounts' AS unit
FROM money AS m
INNER JOIN last_night AS n ON m.business_date = n.business_date
UNION ALL
SELECT
    'moved_overdue_last_night' AS name,
    'company/' || m.company_id AS scope,
    m.moved_overdue_functional AS value,
    m.currency AS unit
FROM money AS m
INNER JOIN last_night AS n ON m.business_date = n.business_date
UNION ALL
SELECT
    'sanction_' || effect AS name,
    'flag/' || flag AS scope,
    CAST(COUNT(*) AS DECIMAL(38, 4)) AS value,
    'accounts' AS unit
FROM sanction
GROUP BY effect, flag
UNION ALL
SELECT
    'sanctioned_' || effect AS name,
    'company/' || company_id AS scope,
    CAST(COUNT(*) AS DECIMAL(38, 4)) AS value,
    'accounts' AS unit
FROM sanctioned
GROUP BY effect, company_id
UNION ALL
SELECT
    'sanctioned_' || effect || '_overdue' AS name,
    'company/' || company_id AS scope,
    CAST(COALESCE(SUM(overdue_functional), 0) AS DECIMAL(38, 4)) AS value,
    currency AS unit
FROM sanctioned
GROUP BY effect, company_id, currency
UNION ALL
SELECT
    'tasks_a' AS name,
    'all' AS scope,
    CAST(COALESCE(SUM(tasks_a), 0) AS DECIMAL(38, 4)) AS value,
    'tasks' AS unit
FROM task_load
UNION ALL
SELECT
    'tasks_only_a' AS name,
    'all' AS scope,
    CAST(COALESCE(SUM(only_a), 0) AS DECIMAL(38, 4)) AS value,
    'tasks' AS unit
FROM task_load
UNION ALL
SELECT
    'tasks_b' AS name,
    'all' AS scope,
    CAST(COALESCE(SUM(tasks_b), 0) AS DECIMAL(38, 4)) AS value,
    'tasks' AS unit
FROM task_load
UNION ALL
SELECT
    'tasks_only_b' AS name,
    'all' AS scope,
    CAST(COALESCE(SUM(only_b), 0) AS DECIMAL(38, 4)) AS value,
    'tasks' AS unit
FROM task_load
UNION ALL
SELECT
    'warnings_a' AS name,
    'all' AS scope,
    CAST(COUNT(*) AS DECIMAL(38, 4)) AS value,
    'warnings' AS unit
FROM a.early_warning
UNION ALL
SELECT
    'warnings_b' AS name,
    'all' AS scope,
    CAST(COUNT(*) AS DECIMAL(38, 4)) AS value,
    'warnings' AS unit
FROM b.early_warning
UNION ALL
SELECT
    'capped_nights_a' AS name,
    'company/' || company_id AS scope,
    CAST(COUNT(DISTINCT business_date) AS DECIMAL(38, 4)) AS value,
    'nights' AS unit
FROM a.sanction_cap
WHERE is_over
GROUP BY company_id
UNION ALL
SELECT
    'capped_nights_b' AS name,
    'company/' || company_id AS scope,
    CAST(COUNT(DISTINCT business_date) AS DECIMAL(38, 4)) AS value,
    'nights' AS unit
FROM b.sanction_cap
WHERE is_over
GROUP BY company_id
