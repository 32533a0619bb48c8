-- One row per account and currency with a target for the month of the business date (回款目标): what came in, what is
-- promised for this month, what neither covers, and what measures still under way are expected to bring (D1 to D3).
-- materialise: table
WITH received AS (
    SELECT
        r.company_id,
        r.account_id,
        r.currency,
        SUM(r.amount) AS amount
    FROM ledger.receipt AS r
    CROSS JOIN policy.parameter AS p
    WHERE r.received_on >= p.month_from AND r.received_on <= $as_of
    GROUP BY r.company_id, r.account_id, r.currency
),

committed AS (
    SELECT
        s.company_id,
        s.account_id,
        s.currency,
        SUM(GREATEST(s.amount - s.received_since_amount, 0)) AS amount
    FROM promise_status AS s
    CROSS JOIN policy.parameter AS p
    WHERE s.state = 'open' AND s.promised_for <= p.month_to
    GROUP BY s.company_id, s.account_id, s.currency
),

planned AS (
    SELECT
        m.company_id,
        m.account_id,
        m.currency,
        SUM(m.expected_uplift) AS amount
    FROM ledger.measure AS m
    CROSS JOIN policy.parameter AS p
    WHERE m.month = p.month_from AND (m.done_on IS NULL OR m.done_on > $as_of)
    GROUP BY m.company_id, m.account_id, m.currency
),

stated AS (
    SELECT
        t.company_id,
        t.month,
        t.account_id,
        t.currency,
        t.amount AS target,
        COALESCE(c.amount, 0) AS committed,
        COALESCE(r.amount, 0) AS received,
        GREATEST(t.amount - COALESCE(r.amount, 0) - COALESCE(c.amount, 0), 0) AS gap,
        COALESCE(m.amount, 0) AS planned_uplift
    FROM ledger.target AS t
    CROSS JOIN policy.parameter AS p
    LEFT JOIN received AS r
        ON t.company_id = r.company_id AND t.account_id = r.account_id AND t.currency = r.currency
    LEFT JOIN committed AS c
        ON t.company_id = c.company_id AND t.account_id = c.account_id AND t.currency = c.currency
    LEFT JOIN planned AS m
        ON t.company_id = m.company_id AND t.account_id = m.account_id AND t.currency = m.currency
    WHERE t.month = p.month_from
)

SELECT
    *,
    GREATEST(gap - planned_uplift, 0) AS uncovered
FROM stated
