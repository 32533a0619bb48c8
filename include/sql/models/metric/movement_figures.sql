-- One row per figure, scope, close and window: what moved the receivables in the window.
-- metrics:
--   sales:
--     title_en: Credit sales
--     title_zh: 赊销额
--     formula_en: Invoices and debit notes issued in the window
--     formula_zh: 期间内开具的发票与借项通知之和
--     source: Model scope_close
--     unit: currency
--     window: mtd, m1, m3, m12
--     edge_en: Opening balances are no sales; credit notes are not taken off, they lower the receivables. Segments and
--       reps add up to the company in every currency
--     edge_zh: 期初余额不是销售；红字（贷项）不从中扣除，而是减少应收。各币种下，客户类别之和、业务员之和均等于公司数
--   receipts:
--     title_en: Receipts
--     title_zh: 回款额
--     formula_en: Receipts dated in the window
--     formula_zh: 期间内到账的回款之和
--     source: Model scope_close
--     unit: currency
--     window: mtd, m1, m3, m12
--     edge_en: All money that came in, whether applied or not. Segments and reps add up to the company in every
--       currency
--     edge_zh: 含未核销的回款。各币种下，客户类别之和、业务员之和均等于公司数
--   write_offs:
--     title_en: Write-offs
--     title_zh: 坏账核销额
--     formula_en: Written off in the window
--     formula_zh: 期间内核销的坏账之和
--     source: Model scope_close
--     unit: currency
--     window: mtd, m1, m3, m12
--     edge_en: Counts from the day on which write-off and document are both dated. Segments and reps add up to the
--       company in every currency
--     edge_zh: 自核销与单据日期两者较晚之日起计。各币种下，客户类别之和、业务员之和均等于公司数
-- materialise: table
WITH term AS (
    SELECT 'sales' AS name
    UNION ALL
    SELECT 'receipts' AS name
    UNION ALL
    SELECT 'write_offs' AS name
)

SELECT
    t.name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    s.closed_on,
    s."window",
    CASE t.name
        WHEN 'sales' THEN s.sales
        WHEN 'receipts' THEN s.receipts
        WHEN 'write_offs' THEN s.write_offs
    END AS value,
    s.currency AS unit,
    CAST(NULL AS DECIMAL(38, 12)) AS numerator,
    CAST(NULL AS DECIMAL(38, 12)) AS denominator,
    CAST(NULL AS VARCHAR) AS note
FROM scope_close AS s
CROSS JOIN term AS t
