-- One row per account with a balance: totals over its currencies in functional currency at as-of, rounded half-up to
-- the currency's minor unit, once (rules 6 and 15). ROUND wants constant digits, hence a branch for each. A total is
-- empty when a rate is missing for money that is owed; a balance of nothing needs no rate.
-- materialise: table
WITH converted AS (
    SELECT
        b.company_id,
        b.account_id,
        r.rate,
        b.net_amount * r.rate AS net_amount,
        b.collectable_amount * r.rate AS collectable_amount,
        b.overdue_amount * r.rate AS overdue_amount,
        b.disputed_amount * r.rate AS disputed_amount
    FROM account_balance AS b
    LEFT JOIN company_rate AS r ON b.company_id = r.company_id AND b.currency = r.currency
    WHERE b.net_amount <> 0 OR r.rate IS NOT NULL
),

total AS (
    SELECT
        company_id,
        account_id,
        SUM(net_amount) AS net_amount,
        SUM(collectable_amount) AS collectable_amount,
        SUM(overdue_amount) AS overdue_amount,
        SUM(disputed_amount) AS disputed_amount
    FROM converted
    GROUP BY company_id, account_id
    HAVING COUNT(*) = COUNT(rate)
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
