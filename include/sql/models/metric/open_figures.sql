-- One row per figure, scope and close: what was open, and how much of it was overdue.
-- metrics:
--   open_amount:
--     title_en: Open amount
--     title_zh: 未清金额
--     formula_en: Sum of open instalments at the close, before free credit
--     formula_zh: 截止日未清分期之和，不扣未核销款
--     source: Model scope_bucket; domain rule 5, ledger view
--     unit: currency
--     window: as_of
--     edge_en: Disputed amounts stay in it. Free credit is not taken off; receivables of the general ledger are
--       open_amount less free credit, month_balance.closing. Segments and reps add up to the company in every currency
--     edge_zh: 含争议金额；不扣未核销款。总账应收余额＝未清金额－未核销款，即 month_balance.closing。各币种下，客户类别之和、业务员之和均等于公司数
--   overdue_amount:
--     title_en: Overdue amount
--     title_zh: 逾期金额
--     formula_en: Open amount with a due date before the close
--     formula_zh: 到期日早于截止日的未清金额
--     source: Model scope_bucket; domain rule 2, the accountant's count
--     unit: currency
--     window: as_of
--     edge_en: Due on the day of the close is not overdue. Disputed amounts stay in it, so it may be more than the
--       collector's overdue_amount in account_balance. Segments and reps add up to the company in every currency
--     edge_zh: 截止日当天到期不算逾期；含争议金额，因此可能大于 account_balance 中催收口径的逾期金额。各币种下，客户类别之和、业务员之和均等于公司数
--   overdue_share_pct:
--     title_en: Overdue share
--     title_zh: 逾期占比
--     formula_en: overdue_amount ÷ open_amount × 100
--     formula_zh: 逾期金额 ÷ 未清金额 × 100
--     source: Model scope_bucket
--     unit: pct
--     window: as_of
--     edge_en: Nothing open gives no figure, note nothing_open
--     edge_zh: 无未清金额时无值，note 为 nothing_open
-- materialise: table
WITH term AS (
    SELECT 'open_amount' AS name
    UNION ALL
    SELECT 'overdue_amount' AS name
    UNION ALL
    SELECT 'overdue_share_pct' AS name
)

SELECT
    t.name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    s.closed_on,
    'as_of' AS "window",
    CASE t.name
        WHEN 'open_amount' THEN s.open_amount
        WHEN 'overdue_amount' THEN s.open_amount - s.not_due
        WHEN 'overdue_share_pct'
            THEN
                CAST(
                    100 * CAST(s.open_amount - s.not_due AS DOUBLE)
                    / NULLIF(CAST(s.open_amount AS DOUBLE), 0) AS DECIMAL(38, 12)
                )
    END AS value,
    CASE WHEN t.name = 'overdue_share_pct' THEN 'pct' ELSE s.currency END AS unit,
    CASE WHEN t.name = 'overdue_share_pct' THEN s.open_amount - s.not_due END AS numerator,
    CASE WHEN t.name = 'overdue_share_pct' THEN s.open_amount END AS denominator,
    CASE WHEN t.name = 'overdue_share_pct' AND s.open_amount = 0 THEN 'nothing_open' END AS note
FROM scope_close AS s
CROSS JOIN term AS t
WHERE s."window" = 'mtd'
