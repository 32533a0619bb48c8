-- One row per metric, scope, close and window: what was collected of what could have been (催收效率). One formula with
-- two ways to count the sales.
-- metrics:
--   cei:
--     title_en: Collection effectiveness index (CEI), sales of the whole window
--     title_zh: 催收效率指数（按全期销售）
--     formula_en: (opening + sales − closing) ÷ (opening + sales − not due at the close) × 100
--     formula_zh: （期初应收＋赊销额－期末应收）÷（期初应收＋赊销额－期末未到期）× 100
--     source: gaviti.com glossary (worked example)
--     unit: pct
--     window: m1, m3, m12
--     edge_en: Opening and closing are balances of the general ledger, open amount less free credit; what was taken
--       over in the window counts as opening. Credit notes and write-offs count as collected, since they lower the
--       closing balance. Nothing that could have been collected gives no figure, note nothing_to_collect; a window that
--       begins before the month of the scope's first sale has note beyond_history
--     edge_zh: 期初、期末应收为总账余额（未清金额减未核销款）；期间内接收的期初余额计入期初。红字与核销会降低期末余额，视同已收。分母不为正时无值，note 为
--       nothing_to_collect；期间早于本范围首笔销售所在月时 note 为 beyond_history
--   cei_monthly:
--     title_en: Collection effectiveness index (CEI), sales of a month
--     title_zh: 催收效率指数（按月均销售）
--     formula_en: (opening + sales ÷ months − closing) ÷ (opening + sales ÷ months − not due at the close) × 100
--     formula_zh: （期初应收＋月均赊销额－期末应收）÷（期初应收＋月均赊销额－期末未到期）× 100
--     source: creditguru.com, collection effectiveness index (worked example)
--     unit: pct
--     window: m1, m3, m12
--     edge_en: The other family of formulas that go by this name; at one month both are the same. It takes a month's
--       sales for those of the whole window, so it falls below 0 when receivables grew by more. Otherwise as cei
--     edge_zh: 同名指标的另一算法，期间为一个月时两者相同。它以一个月的销售代表整个期间，应收增加超过月均销售时为负。其余同 cei
-- materialise: table
WITH term AS (
    SELECT 'cei' AS name
    UNION ALL
    SELECT 'cei_monthly' AS name
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
        CASE WHEN t.name = 'cei' THEN 1 ELSE s.months END AS months,
        s.opening + s.taken_over AS opening,
        s.sales,
        s.closing,
        s.not_due,
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
),

collected AS (
    SELECT
        *,
        CAST(opening - closing AS DOUBLE) * months + CAST(sales AS DOUBLE) AS collected_months,
        CAST(opening - not_due AS DOUBLE) * months + CAST(sales AS DOUBLE) AS collectable_months,
        CASE
            WHEN months = 1 THEN CAST(sales AS DECIMAL(38, 12))
            ELSE CAST(CAST(sales AS DOUBLE) / months AS DECIMAL(38, 12))
        END AS sales_share
    FROM owed
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
    CASE
        WHEN collectable_months > 0 THEN CAST(100 * collected_months / collectable_months AS DECIMAL(38, 12))
    END AS value,
    'pct' AS unit,
    CAST(opening - closing AS DECIMAL(38, 12)) + sales_share AS numerator,
    CAST(opening - not_due AS DECIMAL(38, 12)) + sales_share AS denominator,
    CASE
        WHEN collectable_months <= 0 THEN 'nothing_to_collect'
        WHEN is_beyond_history THEN 'beyond_history'
    END AS note
FROM collected
