-- One row per figure and scope of a total, tonight: what became of the tasks in the lists of the night before, and how
-- many of the accounts that are late stand in tonight's.
-- metrics:
--   task_answered_pct:
--     title_en: Tasks answered
--     title_zh: 任务应答率
--     formula_en: Tasks of the night before that ended tonight as done ÷ tasks in its lists × 100
--     formula_zh: 前一晚清单任务中当晚以“完成”结束的任务数 ÷ 前一晚清单任务数 × 100
--     source: Model task_end, outcome done; task of the night before
--     unit: pct
--     window: as_of
--     edge_en: Done is what the facts show (money, a kept or new promise, a talk, a paper, a settled dispute), not what
--       somebody ticks off. Not needed any more is not done. Tasks that wait for their day stand in the list, too; a
--       task that nobody has stands in none. The night before is the last one published. Figures follow the account
--       to its rep of today; accounts that the ledger has no more are left out. Counts of several nights can be added
--       up, a task counts again each night that it stands there. Told tonight and in totals only. Without a night
--       before no figure, note no_night_before; no task in its lists gives none, note no_tasks
--     edge_zh: 完成以事实为准（到账、承诺兑现或新承诺、沟通、取得资料、争议解决），不以勾选为准；不再需要不算完成。等待合适日期的任务也在清单内，无人负责的任务不在任何清单内。
--       前一晚指上一次已发布的批次。按客户当前业务员归属；账中已无的客户不计。各晚分子、分母可相加，同一任务在清单中每晚各计一次。仅当晚、仅在合计中列示。
--       无前一晚时无值，note 为 no_night_before；前一晚清单无任务时无值，note 为 no_tasks
--   task_coverage_pct:
--     title_en: Task coverage
--     title_zh: 任务覆盖率
--     formula_en: Accounts with money overdue that have a task in tonight's lists ÷ accounts with money overdue × 100
--     formula_zh: 当晚清单中有任务的逾期客户数 ÷ 逾期客户数 × 100
--     source: Domain D5, nobody is forgotten; model task
--     unit: pct
--     window: as_of
--     edge_en: Overdue at as-of, by the accountant's count. A task of any kind counts, also one that waits for its day;
--       a task that nobody has does not. An account that owes in two currencies is one account. Told tonight and in
--       totals only. Nobody late gives no figure, note nothing_overdue
--     edge_zh: 以截止日会计口径的逾期为准。任何类型的任务均计入，含等待合适日期者；无人负责的任务不计。欠多币种的客户只算一户。仅当晚、仅在合计中列示。
--       无逾期客户时无值，note 为 nothing_overdue
-- materialise: table
WITH term AS (
    SELECT 'task_answered_pct' AS name
    UNION ALL
    SELECT 'task_coverage_pct' AS name
),

known AS (
    SELECT DISTINCT company_id
    FROM previous.account_status
),

late AS (
    SELECT DISTINCT
        company_id,
        account_id
    FROM close_account
    WHERE closed_on = $as_of AND bucket <> 'not_due'
),

tasked AS (
    SELECT DISTINCT
        company_id,
        account_id
    FROM task
    WHERE rep_id IS NOT NULL
),

counted AS (
    SELECT
        'task_answered_pct' AS name,
        y.company_id,
        y.account_id,
        COUNT(e.task_id) AS met,
        COUNT(*) AS cases
    FROM previous.task AS y
    LEFT JOIN task_end AS e ON y.task_id = e.task_id AND e.outcome = 'done'
    WHERE y.rep_id IS NOT NULL
    GROUP BY y.company_id, y.account_id
    UNION ALL
    SELECT
        'task_coverage_pct' AS name,
        l.company_id,
        l.account_id,
        COUNT(t.account_id) AS met,
        COUNT(*) AS cases
    FROM late AS l
    LEFT JOIN tasked AS t ON l.company_id = t.company_id AND l.account_id = t.account_id
    GROUP BY l.company_id, l.account_id
),

part AS (
    SELECT
        c.name,
        c.company_id,
        m.segment,
        m.rep_id,
        SUM(c.met) AS met,
        SUM(c.cases) AS cases
    FROM counted AS c
    INNER JOIN account_member AS m ON c.company_id = m.company_id AND c.account_id = m.account_id
    GROUP BY c.name, c.company_id, m.segment, m.rep_id
),

told AS (
    SELECT
        p.name,
        s.company_id,
        s.dimension,
        s.member,
        SUM(p.met) AS met,
        SUM(p.cases) AS cases
    FROM part AS p
    INNER JOIN scope_part AS s ON p.company_id = s.company_id AND p.segment = s.segment AND p.rep_id = s.rep_id
    GROUP BY p.name, s.company_id, s.dimension, s.member
)

SELECT
    t.name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    $as_of AS closed_on,
    'as_of' AS "window",
    CAST(100 * CAST(c.met AS DOUBLE) / CAST(c.cases AS DOUBLE) AS DECIMAL(38, 12)) AS value,
    'pct' AS unit,
    CAST(COALESCE(c.met, 0) AS DECIMAL(38, 12)) AS numerator,
    CAST(COALESCE(c.cases, 0) AS DECIMAL(38, 12)) AS denominator,
    CASE
        WHEN c.company_id IS NOT NULL THEN NULL
        WHEN t.name = 'task_coverage_pct' THEN 'nothing_overdue'
        WHEN k.company_id IS NULL THEN 'no_night_before'
        ELSE 'no_tasks'
    END AS note
FROM scope AS s
CROSS JOIN term AS t
LEFT JOIN known AS k ON s.company_id = k.company_id
LEFT JOIN told AS c
    ON t.name = c.name AND s.company_id = c.company_id AND s.dimension = c.dimension AND s.member = c.member
WHERE s.is_total
