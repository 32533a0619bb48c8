-- One row per company, rep and habit or result. Habits are the rep's own part in what is overdue (C7); each figure is
-- set beside the median of the company's reps, and a habit that is further from it than the policy lets pass is weak.
-- Accounts count for whoever is in charge of them today. Shares and rates are those of table metric, in the total.
-- metrics:
--   received:
--     title_en: Received by the rep
--     title_zh: 业务员回款额
--     formula_en: Receipts from the rep's accounts in the window, in functional currency
--     formula_zh: 期间内名下客户回款之和（本位币）
--     source: Model scope_flow
--     unit: currency
--     window: window_months of the policy's finance.reps
--     edge_en: A company of which a rate is missing gives no figure
--     edge_zh: 公司缺汇率时无值
--   overdue:
--     title_en: Overdue with the rep
--     title_zh: 业务员逾期金额
--     formula_en: overdue_amount of the rep's accounts, in functional currency
--     formula_zh: 名下客户逾期金额（本位币），即 overdue_amount
--     source: Metric overdue_amount
--     unit: currency
--     window: as_of
--     edge_en: A company of which a rate is missing gives no figure
--     edge_zh: 公司缺汇率时无值
--   accounts:
--     title_en: Accounts of the rep
--     title_zh: 业务员客户数
--     formula_en: Accounts that the rep is in charge of
--     formula_zh: 名下客户数
--     source: Ledger table account
--     unit: count
--     window: as_of
--     edge_en: Counted whether they owe or not
--     edge_zh: 无论有无欠款均计
-- materialise: table
WITH person AS (
    SELECT
        m.company_id,
        m.rep_id,
        c.functional_currency,
        COUNT(*) AS accounts
    FROM account_member AS m
    INNER JOIN ledger.company AS c ON m.company_id = c.company_id
    WHERE m.rep_id <> ''
    GROUP BY m.company_id, m.rep_id, c.functional_currency
),

term AS (
    SELECT
        'terms_days' AS name,
        'days' AS unit
    UNION ALL
    SELECT
        'first_contact_days' AS name,
        'days' AS unit
    UNION ALL
    SELECT
        'promises_followed_pct' AS name,
        'pct' AS unit
    UNION ALL
    SELECT
        'ask_share_pct' AS name,
        'pct' AS unit
    UNION ALL
    SELECT
        'overdue_share_pct' AS name,
        'pct' AS unit
    UNION ALL
    SELECT
        'collection_rate_pct' AS name,
        'pct' AS unit
    UNION ALL
    SELECT
        'received' AS name,
        CAST(NULL AS VARCHAR) AS unit
    UNION ALL
    SELECT
        'overdue' AS name,
        CAST(NULL AS VARCHAR) AS unit
    UNION ALL
    SELECT
        'accounts' AS name,
        'count' AS unit
),

standing AS (
    SELECT
        company_id,
        member AS rep_id,
        SUM(items) AS items
    FROM scope_bucket
    WHERE dimension = 'rep' AND is_total AND closed_on = $as_of
    GROUP BY company_id, member
),

aimed AS (
    SELECT
        m.company_id,
        m.rep_id,
        COUNT(DISTINCT t.account_id) AS items
    FROM ledger.target AS t
    INNER JOIN policy.close_day AS c ON t.month = c.month AND c.closed_on = $as_of
    INNER JOIN account_member AS m ON t.company_id = m.company_id AND t.account_id = m.account_id
    GROUP BY m.company_id, m.rep_id
),

measured AS (
    SELECT * FROM rep_terms
    UNION ALL
    SELECT * FROM rep_first_contact
    UNION ALL
    SELECT * FROM rep_follow_up
    UNION ALL
    SELECT * FROM rep_ask
    UNION ALL
    SELECT
        f.name,
        f.company_id,
        f.member AS rep_id,
        f.value
    FROM open_figures AS f
    CROSS JOIN policy.rep_parameter AS p
    INNER JOIN standing AS s ON f.company_id = s.company_id AND f.member = s.rep_id
    WHERE
        f.name = 'overdue_share_pct'
        AND f.dimension = 'rep'
        AND f.is_total
        AND f.closed_on = $as_of
        AND s.items >= p.min_items
    UNION ALL
    SELECT
        f.name,
        f.company_id,
        f.member AS rep_id,
        f.value
    FROM collection_rate AS f
    CROSS JOIN policy.rep_parameter AS p
    INNER JOIN aimed AS a ON f.company_id = a.company_id AND f.member = a.rep_id
    WHERE f.dimension = 'rep' AND f.is_total AND f.closed_on = $as_of AND a.items >= p.min_items
    UNION ALL
    SELECT
        'overdue' AS name,
        company_id,
        member AS rep_id,
        value
    FROM open_figures
    WHERE name = 'overdue_amount' AND dimension = 'rep' AND is_total AND closed_on = $as_of
    UNION ALL
    SELECT
        'received' AS name,
        f.company_id,
        f.member AS rep_id,
        SUM(CASE WHEN f.on_date > p.window_from THEN f.receipts ELSE 0 END) AS value
    FROM scope_flow AS f
    CROSS JOIN policy.rep_parameter AS p
    WHERE f.dimension = 'rep' AND f.is_total
    GROUP BY f.company_id, f.member
    UNION ALL
    SELECT
        'accounts' AS name,
        company_id,
        rep_id,
        accounts AS value
    FROM person
),

-- A share or rate that has no natural end is cut where the column ends.
cut AS (
    SELECT
        company_id,
        rep_id,
        name,
        CASE
            WHEN name IN ('received', 'overdue') THEN value
            WHEN value > 99999999999999 THEN 99999999999999
            WHEN value < -99999999999999 THEN -99999999999999
            ELSE value
        END AS value
    FROM measured
),

usual AS (
    SELECT
        c.company_id,
        c.name,
        CAST(MEDIAN(CAST(c.value AS DOUBLE)) AS DECIMAL(38, 12)) AS value
    FROM cut AS c
    INNER JOIN person AS p ON c.company_id = p.company_id AND c.rep_id = p.rep_id
    GROUP BY c.company_id, c.name
),

beside AS (
    SELECT
        p.company_id,
        p.rep_id,
        t.name,
        c.value,
        COALESCE(t.unit, p.functional_currency) AS unit,
        u.value AS benchmark,
        COALESCE(
            CASE
                WHEN h.is_higher_worse THEN c.value - u.value > h.tolerance
                ELSE u.value - c.value > h.tolerance
            END, FALSE
        ) AS is_weak
    FROM person AS p
    CROSS JOIN term AS t
    LEFT JOIN cut AS c ON p.company_id = c.company_id AND p.rep_id = c.rep_id AND t.name = c.name
    LEFT JOIN usual AS u ON p.company_id = u.company_id AND t.name = u.name
    LEFT JOIN policy.habit AS h ON t.name = h.habit
)

SELECT
    *,
    CASE WHEN is_weak THEN name END AS advice
FROM beside
