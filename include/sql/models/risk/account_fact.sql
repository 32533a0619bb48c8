-- One row per account: the facts that stage, score, flags and tasks look at. Empty means unknown, never zero.
-- materialise: table
WITH balance AS (
    SELECT
        company_id,
        account_id
    FROM account_balance
    WHERE net_amount <> 0
    GROUP BY company_id, account_id
),

broken AS (
    SELECT
        s.company_id,
        s.account_id,
        COUNT(*) FILTER (
            WHERE s.state IN ('broken', 'partially_kept') AND s.promised_for > p.risk_window_from
        ) AS broken_promises,
        MAX(CASE WHEN s.state IN ('open', 'broken', 'partially_kept') THEN s.level END) AS promise_level
    FROM promise_status AS s
    CROSS JOIN policy.parameter AS p
    GROUP BY s.company_id, s.account_id
)

SELECT
    a.company_id,
    a.account_id,
    a.rep_id,
    COALESCE(a.segment, 'standard') AS segment,
    COALESCE(a.status, 'active') AS status,
    COALESCE(s.max_days_past_due, 0) AS days_past_due,
    LEAST(COALESCE(s.max_days_past_due, 0), p.last_day) AS stage_day,
    s.oldest_due_on,
    a.credit_limit,
    COALESCE(e.exposure_functional, CASE WHEN b.account_id IS NULL THEN 0 END) AS exposure_functional,
    COALESCE(e.overdue_functional, CASE WHEN b.account_id IS NULL THEN 0 END) AS overdue_functional,
    CAST(e.overdue_share_pct AS DECIMAL(18, 4)) AS overdue_share_pct,
    CAST(e.disputed_share_pct AS DECIMAL(18, 4)) AS disputed_share_pct,
    CASE
        WHEN a.credit_limit > 0 AND b.account_id IS NULL THEN 0
        WHEN a.credit_limit > 0
            THEN
                CAST(
                    ROUND(100 * CAST(e.exposure_functional AS DOUBLE) / CAST(a.credit_limit AS DOUBLE), 2)
                    AS DECIMAL(38, 4)
                )
    END AS limit_used_pct,
    COALESCE(a.credit_limit = 0, FALSE) AS is_blocked,
    COALESCE(a.credit_limit = 0 OR e.exposure_functional > a.credit_limit, FALSE) AS is_over_limit,
    h.days_late_weighted,
    COALESCE(k.broken_promises, 0) AS broken_promises,
    k.promise_level
FROM ledger.account AS a
CROSS JOIN policy.parameter AS p
LEFT JOIN balance AS b ON a.company_id = b.company_id AND a.account_id = b.account_id
LEFT JOIN account_stage AS s ON a.company_id = s.company_id AND a.account_id = s.account_id
LEFT JOIN account_exposure AS e ON a.company_id = e.company_id AND a.account_id = e.account_id
LEFT JOIN payment_behaviour AS h ON a.company_id = h.company_id AND a.account_id = h.account_id
LEFT JOIN broken AS k ON a.company_id = k.company_id AND a.account_id = k.account_id
