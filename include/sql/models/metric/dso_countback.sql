-- One row per scope and close: how many days back the sales lie that the receivables consist of.
-- metrics:
--   dso_countback:
--     title_en: Days sales outstanding (DSO), count-back
--     title_zh: 应收账款周转天数（倒推法）
--     formula_en: From the close backwards, each month whose sales the receivables still cover counts all its calendar
--       days; the last one counts the share of its sales that is still covered
--     formula_zh: 自截止日逐月倒推，应收账款能全额覆盖其赊销额的月份计全部日历天数，最后一个月按覆盖比例折算
--     source: support.benjipays.com (worked example with months of 30 days); Anaplan community 55580
--     unit: days
--     window: as_of
--     edge_en: Receivables are the balance of the general ledger, open amount less free credit. A month without sales
--       counts its days, note zero_sales_months:<n>. A balance that all sales since the scope's first, or of the months
--       that the policy goes back, do not cover has note beyond_history and the days that were passed; both notes may
--       hold. An open month counts its days up to the close. A credit balance is 0 days, note credit_balance. A scope
--       without sales has no figure, note no_sales
--     edge_zh: 应收账款为总账余额（未清金额减未核销款）。无销售的月份计入其天数，note 为 zero_sales_months:<月数>；本范围首笔销售以来（或政策规定的倒推月数）的销售仍不足
--       以覆盖时，取已倒推的天数，note 为 beyond_history，两者可并存；未结束的月份计至截止日；贷方余额为 0 天，note 为 credit_balance；本范围无销售时无值，note 为 no_sales
-- materialise: table
WITH balance AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        closed_on,
        closing
    FROM scope_close
    WHERE "window" = 'mtd'
),

sold AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        CAST(DATE_TRUNC('month', on_date) AS DATE) AS month_from,
        SUM(sales) AS sales
    FROM scope_flow
    GROUP BY company_id, dimension, member, currency, is_total, CAST(DATE_TRUNC('month', on_date) AS DATE)
),

passed AS (
    SELECT
        b.*,
        m.days,
        COALESCE(s.sales, 0) AS sales,
        SUM(COALESCE(s.sales, 0)) OVER (
            PARTITION BY b.company_id, b.dimension, b.member, b.currency, b.is_total, b.closed_on ORDER BY m.place
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS sales_through
    FROM balance AS b
    INNER JOIN policy.close_month AS m ON b.closed_on = m.closed_on
    INNER JOIN history AS h
        ON
            b.company_id = h.company_id
            AND b.dimension = h.dimension
            AND b.member = h.member
            AND b.currency = h.currency
            AND b.is_total = h.is_total
            AND m.month_from >= h.begins_on
    LEFT JOIN sold AS s
        ON
            b.company_id = s.company_id
            AND b.dimension = s.dimension
            AND b.member = s.member
            AND b.currency = s.currency
            AND b.is_total = s.is_total
            AND m.month_from = s.month_from
),

counted AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        closed_on,
        SUM(
            CASE
                WHEN sales_through <= closing THEN days
                ELSE CAST(closing - sales_through + sales AS DOUBLE) * days / CAST(sales AS DOUBLE)
            END
        ) AS days,
        SUM(sales) AS sales,
        COUNT(*) FILTER (WHERE sales = 0) AS empty_months
    FROM passed
    WHERE sales_through - sales < closing
    GROUP BY company_id, dimension, member, currency, is_total, closed_on
)

SELECT
    'dso_countback' AS name,
    b.company_id,
    b.dimension,
    b.member,
    b.currency,
    b.is_total,
    b.closed_on,
    'as_of' AS "window",
    CASE WHEN h.company_id IS NOT NULL THEN CAST(COALESCE(c.days, 0) AS DECIMAL(38, 12)) END AS value,
    'days' AS unit,
    b.closing AS numerator,
    COALESCE(c.sales, 0) AS denominator,
    CASE
        WHEN h.company_id IS NULL THEN 'no_sales'
        WHEN b.closing < 0 THEN 'credit_balance'
        ELSE NULLIF(
            CONCAT_WS(
                ', ',
                CASE WHEN COALESCE(c.sales, 0) < b.closing THEN 'beyond_history' END,
                CASE WHEN c.empty_months > 0 THEN 'zero_sales_months:' || c.empty_months END
            ),
            ''
        )
    END AS note
FROM balance AS b
LEFT JOIN history AS h
    ON
        b.company_id = h.company_id
        AND b.dimension = h.dimension
        AND b.member = h.member
        AND b.currency = h.currency
        AND b.is_total = h.is_total
LEFT JOIN counted AS c
    ON
        b.company_id = c.company_id
        AND b.dimension = c.dimension
        AND b.member = c.member
        AND b.currency = c.currency
        AND b.is_total = c.is_total
        AND b.closed_on = c.closed_on
