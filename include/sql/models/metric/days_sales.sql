-- One row per metric, scope, close and window: days of credit sales that are owed, are owed but not due, and are late.
-- One formula with three numerators.
-- metrics:
--   dso_simple:
--     title_en: Days sales outstanding (DSO), simple
--     title_zh: 应收账款周转天数（简单法）
--     formula_en: Receivables at the close ÷ credit sales of the window × days of the window
--     formula_zh: 截止日应收账款 ÷ 期间赊销额 × 期间天数
--     source: paidnice.com and bajajfinservmarkets.in (worked examples); Oracle JD Edwards, balance divided by sales
--     unit: days
--     window: m1, m3, m12
--     edge_en: Receivables are the balance of the general ledger, open amount less free credit. Credit sales are
--       invoices and debit notes, opening balances are none. No sales gives no figure, note no_sales. A window that
--       begins before the month of the scope's first sale has note beyond_history. A credit balance gives days below 0
--     edge_zh: 应收账款为总账余额，即未清金额减未核销款；赊销额为发票与借项通知，不含期初余额。无销售时无值，note 为 no_sales；期间早于本范围首笔销售所在月时
--       note 为 beyond_history；余额为贷方时天数为负
--   bpdso:
--     title_en: Best possible DSO (BPDSO)
--     title_zh: 最佳应收账款周转天数
--     formula_en: Open amount not yet due at the close ÷ credit sales of the window × days of the window
--     formula_zh: 截止日未到期的未清金额 ÷ 期间赊销额 × 期间天数
--     source: creditguru.com, best possible DSO
--     unit: days
--     window: m1, m3, m12
--     edge_en: Due on the day of the close is not yet due. Free credit is not taken off what is not due. Otherwise as
--       dso_simple
--     edge_zh: 截止日当天到期视为未到期；未核销款不从未到期金额中扣除。其余同 dso_simple
--   add:
--     title_en: Average days delinquent (ADD)
--     title_zh: 平均逾期天数
--     formula_en: dso_simple − bpdso
--     formula_zh: 应收账款周转天数（简单法）－ 最佳应收账款周转天数
--     source: creditguru.com, average days delinquent
--     unit: days
--     window: m1, m3, m12
--     edge_en: Free credit lowers it, so it may be below 0 when more is prepaid than overdue. Otherwise as dso_simple
--     edge_zh: 未核销款会使其降低，预收多于逾期时可为负。其余同 dso_simple
-- materialise: table
WITH term AS (
    SELECT 'dso_simple' AS name
    UNION ALL
    SELECT 'bpdso' AS name
    UNION ALL
    SELECT 'add' AS name
),

owed AS (
    SELECT
        t.name,
        s.company_id,
        s.dimension,
        s.member,
        s.currency,
        s.is_total,
        s.closed_on,
        s."window",
        s.days,
        s.sales,
        CASE t.name
            WHEN 'dso_simple' THEN s.closing
            WHEN 'bpdso' THEN s.not_due
            WHEN 'add' THEN s.closing - s.not_due
        END AS amount,
        COALESCE(DATE_DIFF('day', s.opening_on, h.begins_on) > 1, FALSE) AS is_beyond_history
    FROM scope_close AS s
    CROSS JOIN term AS t
    LEFT JOIN history AS h
        ON
            s.company_id = h.company_id
            AND s.dimension = h.dimension
            AND s.member = h.member
            AND s.currency = h.currency
            AND s.is_total = h.is_total
    WHERE s."window" <> 'mtd'
)

SELECT
    name,
    company_id,
    dimension,
    member,
    currency,
    is_total,
    closed_on,
    "window",
    CAST(CAST(amount AS DOUBLE) * days / NULLIF(CAST(sales AS DOUBLE), 0) AS DECIMAL(38, 12)) AS value,
    'days' AS unit,
    amount AS numerator,
    sales AS denominator,
    CASE
        WHEN sales = 0 THEN 'no_sales'
        WHEN is_beyond_history THEN 'beyond_history'
    END AS note
FROM owed
