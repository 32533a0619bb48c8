-- One row per account with a balance: totals over its currencies in functional currency at as-of, rounded half-up to
-- the currency's minor unit, once (rules 6 and 15). ROUND wants constant digits, hence a branch for each. Each total is
-- empty when a rate is missing for money that belongs to it: what is not due yet needs no rate for what is overdue.
-- materialise: table
WITH owed AS (
    SELECT
        b.company_id,
        b.account_id,
        b.net_amount,
        b.collectable_amount,
        b.overdue_amount,
        b.disputed_amount,
        r.rate
    FROM account_balance AS b
    LEFT JOIN company_rate AS r ON b.company_id = r.company_id AND b.currency = r.currency
    WHERE b.net_amount <> 0 OR r.rate IS NOT NULL
),

total AS (
    SELECT
        company_id,
        account_id,
        CASE
            WHEN COUNT(*) FILTER (WHERE net_amount <> 0 AND rate IS NULL) = 0
                THEN COALESCE(SUM(net_amount * rate), 0)
        END AS net_amount,
        CASE
            WHEN COUNT(*) FILTER (WHERE collectable_amount <> 0 AND rate IS NULL) = 0
                THEN COALESCE(SUM(collectable_amount * rate), 0)
        END AS collectable_amount,
        CASE
            WHEN COUNT(*) FILTER (WHERE overdue_amount <> 0 AND rate IS NULL) = 0
                THEN COALESCE(SUM(overdue_amount * rate), 0)
        END AS overdue_amount,
        CASE
            WHEN COUNT(*) FILTER (WHERE disputed_amount <> 0 AND rate IS NULL) = 0
                THEN COALESCE(SUM(disputed_amount * rate), 0)
        END AS disputed_amount
    FROM owed
    GROUP BY company_id, account_id
)

SELECT
    t.company_id,
    t.account_id,
    CASE u.minor_units
        WHEN 0 THEN CAST(ROUND(t.net_amount, 0) AS DECIMAL(18, 4))
        WHEN 3 THEN CAST(ROUND(t.net_amount, 3) AS DECIMAL(18, 4))
        WHEN 4 THEN CAST(ROUND(t.net_amount, 4) AS DECIMAL(18, 4))
        ELSE CAST(ROUND(t.net_amount, 2) AS DECIMAL(18, 4))
    END AS exposure_functional,
    CASE u.minor_units
        WHEN 0 THEN CAST(ROUND(t.overdue_amount, 0) AS DECIMAL(18, 4))
        WHEN 3 THEN CAST(ROUND(t.overdue_amount, 3) AS DECIMAL(18, 4))
        WHEN 4 THEN CAST(ROUND(t.overdue_amount, 4) AS DECIMAL(18, 4))
        ELSE CAST(ROUND(t.overdue_amount, 2) AS DECIMAL(18, 4))
    END AS overdue_functional,
    CASE
        WHEN t.collectable_amount > 0
            THEN ROUND(100 * CAST(t.overdue_amount AS DOUBLE) / CAST(t.collectable_amount AS DOUBLE), 2)
    END AS overdue_share_pct,
    CASE
        WHEN t.net_amount > 0
            THEN ROUND(100 * CAST(t.disputed_amount AS DOUBLE) / CAST(t.net_amount AS DOUBLE), 2)
    END AS disputed_share_pct
FROM total AS t
INNER JOIN ledger.company AS c ON t.company_id = c.company_id
LEFT JOIN policy.currency AS u ON c.functional_currency = u.currency
