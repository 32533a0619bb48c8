-- One row per scope, close and window: to how many of the accounts that are late somebody spoke. About
-- customers reached; how many of them have a task is in task_answered.
-- metrics:
--   coverage_pct:
--     title_en: Coverage
--     title_zh: 催收覆盖率
--     formula_en: Accounts with money overdue that were spoken to in the window ÷ accounts with money overdue × 100
--     formula_zh: 期间内已沟通的逾期客户数 ÷ 逾期客户数 × 100
--     source: Domain D5, nobody is forgotten; model talk_day
--     unit: pct
--     window: mtd, m1, m3, m12
--     edge_en: Overdue at the close, by the accountant's count. Spoken to means that somebody was reached; a letter is
--       no talk. An account that owes in two currencies is one account in the total. Nobody late gives no figure,
--       note nothing_overdue
--     edge_zh: 以截止日会计口径的逾期为准；联系上才算沟通，信函不算；欠多币种的客户在合计中只算一户。无逾期客户时无值，note 为 nothing_overdue
-- materialise: table
WITH late AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        i.closed_on
    FROM close_account AS i
    WHERE i.bucket <> 'not_due'
    GROUP BY i.company_id, i.account_id, i.currency, i.closed_on
),

viewed AS (
    SELECT DISTINCT
        l.company_id,
        l.account_id,
        l.closed_on,
        v.currency,
        v.is_total
    FROM late AS l
    INNER JOIN currency_view AS v ON l.company_id = v.company_id AND l.currency = v.from_currency
),

spoken AS (
    SELECT
        t.company_id,
        t.account_id,
        w.closed_on,
        w."window"
    FROM talk_day AS t
    INNER JOIN policy.close_window AS w ON t.on_date > w.opening_on AND t.on_date <= w.closed_on
    WHERE t.talks > 0
    GROUP BY t.company_id, t.account_id, w.closed_on, w."window"
),

late_part AS (
    SELECT
        l.company_id,
        m.segment,
        m.rep_id,
        l.currency,
        l.is_total,
        l.closed_on,
        COUNT(*) AS accounts
    FROM viewed AS l
    INNER JOIN account_member AS m ON l.company_id = m.company_id AND l.account_id = m.account_id
    GROUP BY l.company_id, m.segment, m.rep_id, l.currency, l.is_total, l.closed_on
),

spoken_part AS (
    SELECT
        l.company_id,
        m.segment,
        m.rep_id,
        l.currency,
        l.is_total,
        l.closed_on,
        t."window",
        COUNT(*) AS accounts
    FROM spoken AS t
    INNER JOIN viewed AS l
        ON t.company_id = l.company_id AND t.account_id = l.account_id AND t.closed_on = l.closed_on
    INNER JOIN account_member AS m ON l.company_id = m.company_id AND l.account_id = m.account_id
    GROUP BY l.company_id, m.segment, m.rep_id, l.currency, l.is_total, l.closed_on, t."window"
),

counted AS (
    SELECT
        s.company_id,
        s.dimension,
        s.member,
        l.currency,
        l.is_total,
        l.closed_on,
        w."window",
        SUM(l.accounts) AS late_accounts,
        SUM(COALESCE(t.accounts, 0)) AS spoken_accounts
    FROM late_part AS l
    INNER JOIN policy.close_window AS w ON l.closed_on = w.closed_on
    INNER JOIN scope_part AS s ON l.company_id = s.company_id AND l.segment = s.segment AND l.rep_id = s.rep_id
    LEFT JOIN spoken_part AS t
        ON
            l.company_id = t.company_id
            AND l.segment = t.segment
            AND l.rep_id = t.rep_id
            AND l.currency = t.currency
            AND l.is_total = t.is_total
            AND l.closed_on = t.closed_on
            AND w."window" = t."window"
    GROUP BY s.company_id, s.dimension, s.member, l.currency, l.is_total, l.closed_on, w."window"
)

SELECT
    'coverage_pct' AS name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    s.closed_on,
    s."window",
    CAST(100 * CAST(c.spoken_accounts AS DOUBLE) / CAST(c.late_accounts AS DOUBLE) AS DECIMAL(38, 12)) AS value,
    'pct' AS unit,
    CAST(COALESCE(c.spoken_accounts, 0) AS DECIMAL(38, 12)) AS numerator,
    CAST(COALESCE(c.late_accounts, 0) AS DECIMAL(38, 12)) AS denominator,
    CASE WHEN c.company_id IS NULL THEN 'nothing_overdue' END AS note
FROM scope_close AS s
LEFT JOIN counted AS c
    ON
        s.company_id = c.company_id
        AND s.dimension = c.dimension
        AND s.member = c.member
        AND s.currency = c.currency
        AND s.is_total = c.is_total
        AND s.closed_on = c.closed_on
        AND s."window" = c."window"
