-- One row per metric, scope, close and window: how late, and how long after the invoice, the money came that receipts
-- paid in the window. One formula with two numerators.
-- metrics:
--   days_late:
--     title_en: Days late, weighted by amount
--     title_zh: 加权平均逾期付款天数
--     formula_en: Σ (amount paid × days after the due date) ÷ Σ amount paid
--     formula_zh: Σ（付款金额 × 到期日后天数）÷ Σ 付款金额
--     source: Dynamics 365, average days weighted by amount (worked example of a calculator page)
--     unit: days
--     window: mtd, m1, m3, m12
--     edge_en: What was paid early or on the day is 0 days late. Each part of a receipt counts with the instalment that
--       it paid; credit notes and write-offs are no payments, money not yet applied does not count, and once
--       it is, counts for the day on which it came. Nothing paid gives no figure, note nothing_paid
--     edge_zh: 提前或当日付款计 0 天；回款的每一部分按其核销的分期计算；红字与核销不是付款，未核销的回款不计，核销后计入到账当日。无付款时无值，note 为 nothing_paid
--   days_to_pay:
--     title_en: Days to pay, weighted by amount
--     title_zh: 加权平均付款天数
--     formula_en: Σ (amount paid × days after the issue of the document) ÷ Σ amount paid
--     formula_zh: Σ（付款金额 × 开单日后天数）÷ Σ 付款金额
--     source: Dynamics 365, average days weighted by amount (worked example of a calculator page)
--     unit: days
--     window: mtd, m1, m3, m12
--     edge_en: Paid before the invoice is 0 days. Opening balances count from the date that the ledger gives them.
--       Otherwise as days_late
--     edge_zh: 开单前付款计 0 天；期初余额自账套所载日期起计。其余同 days_late
-- materialise: table
WITH term AS (
    SELECT 'days_late' AS name
    UNION ALL
    SELECT 'days_to_pay' AS name
),

paid AS (
    SELECT
        s.company_id,
        s.dimension,
        s.member,
        v.currency,
        v.is_total,
        p.on_date,
        SUM(p.amount * v.rate) AS amount,
        SUM(p.late_amount_days * v.rate) AS late_amount_days,
        SUM(p.amount_days * v.rate) AS amount_days
    FROM part_payment AS p
    INNER JOIN scope_part AS s ON p.company_id = s.company_id AND p.segment = s.segment AND p.rep_id = s.rep_id
    INNER JOIN currency_view AS v ON p.company_id = v.company_id AND p.currency = v.from_currency
    GROUP BY s.company_id, s.dimension, s.member, v.currency, v.is_total, p.on_date
),

weighed AS (
    SELECT
        p.company_id,
        p.dimension,
        p.member,
        p.currency,
        p.is_total,
        w.closed_on,
        w."window",
        SUM(p.amount) AS amount,
        SUM(p.late_amount_days) AS late_amount_days,
        SUM(p.amount_days) AS amount_days
    FROM paid AS p
    INNER JOIN policy.close_window AS w
        ON
            p.on_date > w.opening_on
            AND p.on_date <= w.closed_on
            AND (p.dimension = 'company' OR w.closed_on = $as_of)
    GROUP BY p.company_id, p.dimension, p.member, p.currency, p.is_total, w.closed_on, w."window"
),

stated AS (
    SELECT
        t.name,
        s.company_id,
        s.dimension,
        s.member,
        s.currency,
        s.is_total,
        s.closed_on,
        s."window",
        COALESCE(CASE WHEN t.name = 'days_late' THEN w.late_amount_days ELSE w.amount_days END, 0) AS numerator,
        COALESCE(w.amount, 0) AS denominator
    FROM scope_close AS s
    CROSS JOIN term AS t
    LEFT JOIN weighed AS w
        ON
            s.company_id = w.company_id
            AND s.dimension = w.dimension
            AND s.member = w.member
            AND s.currency = w.currency
            AND s.is_total = w.is_total
            AND s.closed_on = w.closed_on
            AND s."window" = w."window"
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
    CAST(CAST(numerator AS DOUBLE) / NULLIF(CAST(denominator AS DOUBLE), 0) AS DECIMAL(38, 12)) AS value,
    'days' AS unit,
    numerator,
    denominator,
    CASE WHEN denominator = 0 THEN 'nothing_paid' END AS note
FROM stated
