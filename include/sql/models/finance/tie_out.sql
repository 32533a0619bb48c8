-- One row per company and currency: the receivables ledger against the general ledger's control account on the day of
-- as-of; what was left out of the night is added back, since the general ledger holds it.
-- materialise: table
WITH found AS (
    SELECT
        company_id,
        currency,
        SUM(open_amount) AS open_amount,
        SUM(free_credit) AS free_credit
    FROM account_balance
    GROUP BY company_id, currency
),

control AS (
    SELECT
        company_id,
        currency,
        balance
    FROM ledger.control_total
    WHERE as_of = $as_of
),

pair AS (
    SELECT
        company_id,
        currency
    FROM found
    UNION
    SELECT
        company_id,
        currency
    FROM control
    UNION
    SELECT
        company_id,
        currency
    FROM ledger.left_out
),

checked AS (
    SELECT DISTINCT company_id
    FROM control
),

stated AS (
    SELECT
        p.company_id,
        p.currency,
        COALESCE(f.open_amount, 0) AS open_amount,
        COALESCE(f.free_credit, 0) AS free_credit,
        COALESCE(f.open_amount, 0) - COALESCE(f.free_credit, 0) AS ledger_balance,
        COALESCE(q.amount, 0) AS quarantined,
        c.balance AS control_balance,
        CASE
            WHEN k.company_id IS NOT NULL
                THEN
                    COALESCE(f.open_amount, 0) - COALESCE(f.free_credit, 0) + COALESCE(q.amount, 0)
                    - COALESCE(c.balance, 0)
        END AS difference
    FROM pair AS p
    LEFT JOIN found AS f ON p.company_id = f.company_id AND p.currency = f.currency
    LEFT JOIN control AS c ON p.company_id = c.company_id AND p.currency = c.currency
    LEFT JOIN ledger.left_out AS q ON p.company_id = q.company_id AND p.currency = q.currency
    LEFT JOIN checked AS k ON p.company_id = k.company_id
)

SELECT
    s.*,
    CASE
        WHEN s.difference IS NULL THEN 'not_checked'
        WHEN ABS(s.difference) * POWER(10, COALESCE(u.minor_units, 2)) < 0.5 THEN 'tied'
        ELSE 'differs'
    END AS state
FROM stated AS s
LEFT JOIN policy.currency AS u ON s.currency = u.currency
