-- One row per company and kind of new sanction tonight: how many accounts and how much money, against the policy's cap.
-- A feed that did not load makes everyone look overdue: above the cap nothing new goes ahead, and managers are told.
-- materialise: table
WITH fresh AS (
    SELECT DISTINCT
        company_id,
        account_id,
        CASE WHEN state = 'approved' THEN 'active' ELSE 'proposed' END AS transition,
        overdue_functional
    FROM flag_candidate
    WHERE is_new
),

total AS (
    SELECT
        company_id,
        COUNT(*) FILTER (WHERE has_balance) AS accounts,
        SUM(overdue_functional) AS overdue_functional
    FROM account_fact
    GROUP BY company_id
),

share AS (
    SELECT
        f.company_id,
        f.transition,
        COUNT(*) AS accounts,
        ROUND(100 * CAST(COUNT(*) AS DOUBLE) / CAST(MAX(t.accounts) AS DOUBLE), 2) AS accounts_pct,
        SUM(f.overdue_functional) AS overdue_functional,
        CASE
            WHEN MAX(t.overdue_functional) > 0
                THEN
                    ROUND(
                        100 * CAST(SUM(f.overdue_functional) AS DOUBLE) / CAST(MAX(t.overdue_functional) AS DOUBLE), 2
                    )
        END AS overdue_pct
    FROM fresh AS f
    INNER JOIN total AS t ON f.company_id = t.company_id
    GROUP BY f.company_id, f.transition
)

SELECT
    s.company_id,
    s.transition,
    s.accounts,
    s.accounts_pct,
    s.overdue_functional,
    s.overdue_pct,
    s.accounts >= c.min_accounts
    AND (s.accounts_pct > c.max_accounts_pct OR COALESCE(s.overdue_pct > c.max_amount_pct, FALSE)) AS is_over
FROM share AS s
LEFT JOIN policy.scope AS o ON s.company_id = o.company_id AND o.segment = ''
INNER JOIN policy.cap AS c ON COALESCE(o.variant, 0) = c.variant
