-- One row per scope and close: how much of the month's target has come in.
-- metrics:
--   collection_rate_pct:
--     title_en: Collection rate against target
--     title_zh: 回款目标完成率
--     formula_en: Received since the first of the month ÷ target of the month × 100, of accounts with a target
--     formula_zh: 有目标客户的当月累计回款 ÷ 当月回款目标 × 100
--     source: Domain D1; model target_gap counts receipts the same way
--     unit: pct
--     window: mtd
--     edge_en: The target is that of the whole month, also in its middle. Receipts count for the accounts and
--       currencies that have a target. No target gives no figure, note no_target
--     edge_zh: 目标为全月目标，月中亦不折算；仅计有目标的客户与币种的回款。无目标时无值，note 为 no_target
-- materialise: table
WITH received AS (
    SELECT
        r.company_id,
        r.account_id,
        r.currency,
        c.closed_on,
        SUM(r.amount) AS amount
    FROM ledger.receipt AS r
    INNER JOIN policy.close_day AS c
        ON CAST(DATE_TRUNC('month', r.received_on) AS DATE) = c.month AND r.received_on <= c.closed_on
    GROUP BY r.company_id, r.account_id, r.currency, c.closed_on
),

aimed AS (
    SELECT
        t.company_id,
        m.segment,
        m.rep_id,
        t.currency,
        c.closed_on,
        SUM(t.amount) AS target,
        SUM(COALESCE(r.amount, 0)) AS received
    FROM ledger.target AS t
    INNER JOIN policy.close_day AS c ON t.month = c.month
    INNER JOIN account_member AS m ON t.company_id = m.company_id AND t.account_id = m.account_id
    LEFT JOIN received AS r
        ON
            t.company_id = r.company_id
            AND t.account_id = r.account_id
            AND t.currency = r.currency
            AND c.closed_on = r.closed_on
    GROUP BY t.company_id, m.segment, m.rep_id, t.currency, c.closed_on
),

counted AS (
    SELECT
        s.company_id,
        s.dimension,
        s.member,
        v.currency,
        v.is_total,
        a.closed_on,
        SUM(CAST(a.target AS DECIMAL(28, 4)) * v.rate) AS target,
        SUM(CAST(a.received AS DECIMAL(28, 4)) * v.rate) AS received
    FROM aimed AS a
    INNER JOIN scope_part AS s ON a.company_id = s.company_id AND a.segment = s.segment AND a.rep_id = s.rep_id
    INNER JOIN currency_view AS v ON a.company_id = v.company_id AND a.currency = v.from_currency
    GROUP BY s.company_id, s.dimension, s.member, v.currency, v.is_total, a.closed_on
)

SELECT
    'collection_rate_pct' AS name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    s.closed_on,
    s."window",
    CAST(
        100 * CAST(c.received AS DOUBLE) / NULLIF(CAST(c.target AS DOUBLE), 0) AS DECIMAL(38, 12)
    ) AS value,
    'pct' AS unit,
    COALESCE(c.received, 0) AS numerator,
    COALESCE(c.target, 0) AS denominator,
    CASE WHEN COALESCE(c.target, 0) = 0 THEN 'no_target' END AS note
FROM scope_close AS s
LEFT JOIN counted AS c
    ON
        s.company_id = c.company_id
        AND s.dimension = c.dimension
        AND s.member = c.member
        AND s.currency = c.currency
        AND s.is_total = c.is_total
        AND s.closed_on = c.closed_on
WHERE s."window" = 'mtd'
