-- One row per scope and close: how old the open money is.
-- metrics:
--   dso_true:
--     title_en: Days sales outstanding (DSO), true
--     title_zh: 应收账款账龄天数（实际法）
--     formula_en: Σ (open amount × days since issue) ÷ Σ open amount, instalment by instalment
--     formula_zh: Σ（未清金额 × 自开单起天数）÷ Σ 未清金额，逐笔分期计算
--     source: Model part_close; the age of what is open, weighted by amount
--     unit: days
--     window: as_of
--     edge_en: All instalments of a document count from its issue. Free credit is not taken off. Opening balances count
--       from the date that the ledger gives them. Nothing open gives no figure, note nothing_open
--     edge_zh: 单据各分期均自开单日起计；不扣未核销款；期初余额自账套所载日期起计。无未清金额时无值，note 为 nothing_open
-- materialise: table
WITH aged AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        closed_on,
        SUM(open_amount) AS open_amount,
        SUM(amount_days) AS amount_days
    FROM scope_bucket
    GROUP BY company_id, dimension, member, currency, is_total, closed_on
)

SELECT
    'dso_true' AS name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    s.closed_on,
    'as_of' AS "window",
    CAST(CAST(a.amount_days AS DOUBLE) / CAST(a.open_amount AS DOUBLE) AS DECIMAL(38, 12)) AS value,
    'days' AS unit,
    COALESCE(a.amount_days, 0) AS numerator,
    COALESCE(a.open_amount, 0) AS denominator,
    CASE WHEN a.company_id IS NULL THEN 'nothing_open' END AS note
FROM scope_close AS s
LEFT JOIN aged AS a
    ON
        s.company_id = a.company_id
        AND s.dimension = a.dimension
        AND s.member = a.member
        AND s.currency = a.currency
        AND s.is_total = a.is_total
        AND s.closed_on = a.closed_on
WHERE s."window" = 'mtd'
