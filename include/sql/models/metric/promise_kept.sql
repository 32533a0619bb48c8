-- One row per metric, scope, close and window: how promises were kept that were judged in the window. One formula,
-- counted in promises and in money.
-- metrics:
--   promise_kept_pct:
--     title_en: Promises kept, by count
--     title_zh: 承诺兑现率（按笔数）
--     formula_en: Promises kept in full ÷ promises judged in the window × 100
--     formula_zh: 全额兑现的承诺笔数 ÷ 期间内应判定的承诺笔数 × 100
--     source: SAP FSCM, promise to pay; domain rule 9
--     unit: pct
--     window: mtd, m1, m3, m12
--     edge_en: A promise is judged on its day plus the policy's tolerance, also when it was kept before. Kept in part
--       is not kept. Withdrawn promises, and those that a newer one took the place of, are not judged. No promise
--       judged gives no figure, note no_promises
--     edge_zh: 承诺在承诺日加容忍天数之日判定，提前兑现者亦同；部分兑现不算兑现；已撤回或被新承诺取代者不判定。期间内无应判定承诺时无值，note 为 no_promises
--   promise_kept_amount_pct:
--     title_en: Promises kept, by amount
--     title_zh: 承诺兑现率（按金额）
--     formula_en: Received in time of what was promised ÷ amount promised, of promises judged in the window × 100
--     formula_zh: 期间内应判定承诺中按时到账的金额（不超过承诺额）÷ 承诺金额 × 100
--     source: SAP FSCM, promise to pay; domain rule 9
--     unit: pct
--     window: mtd, m1, m3, m12
--     edge_en: More than promised counts as what was promised. Otherwise as promise_kept_pct
--     edge_zh: 到账超过承诺额的部分不计。其余同 promise_kept_pct
-- materialise: table
WITH term AS (
    SELECT 'promise_kept_pct' AS name
    UNION ALL
    SELECT 'promise_kept_amount_pct' AS name
),

judged AS (
    SELECT
        p.company_id,
        m.segment,
        m.rep_id,
        p.currency,
        p.promised_for,
        v.promise_tolerance_days AS tolerance_days,
        COUNT(*) AS promises,
        COUNT(*) FILTER (WHERE p.state = 'kept') AS kept,
        SUM(p.amount) AS amount,
        SUM(LEAST(p.received_amount, p.amount)) AS received_amount
    FROM promise_status AS p
    INNER JOIN account_member AS m ON p.company_id = m.company_id AND p.account_id = m.account_id
    INNER JOIN account_scope AS a ON p.company_id = a.company_id AND p.account_id = a.account_id
    INNER JOIN policy.variant_parameter AS v ON a.variant = v.variant
    WHERE p.state IN ('kept', 'partially_kept', 'broken')
    GROUP BY p.company_id, m.segment, m.rep_id, p.currency, p.promised_for, v.promise_tolerance_days
),

counted AS (
    SELECT
        s.company_id,
        s.dimension,
        s.member,
        v.currency,
        v.is_total,
        w.closed_on,
        w."window",
        SUM(j.promises) AS promises,
        SUM(j.kept) AS kept,
        SUM(CAST(j.amount AS DECIMAL(28, 4)) * v.rate) AS amount,
        SUM(CAST(j.received_amount AS DECIMAL(28, 4)) * v.rate) AS received_amount
    FROM judged AS j
    INNER JOIN scope_part AS s ON j.company_id = s.company_id AND j.segment = s.segment AND j.rep_id = s.rep_id
    INNER JOIN currency_view AS v ON j.company_id = v.company_id AND j.currency = v.from_currency
    INNER JOIN policy.close_window AS w
        ON
            DATE_DIFF('day', j.promised_for, w.opening_on) < j.tolerance_days
            AND DATE_DIFF('day', j.promised_for, w.closed_on) >= j.tolerance_days
            AND (s.dimension = 'company' OR w.closed_on = $as_of)
    GROUP BY s.company_id, s.dimension, s.member, v.currency, v.is_total, w.closed_on, w."window"
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
        COALESCE(
            CASE
                WHEN t.name = 'promise_kept_pct' THEN CAST(c.kept AS DECIMAL(38, 12))
                ELSE c.received_amount
            END, 0
        ) AS numerator,
        COALESCE(
            CASE
                WHEN t.name = 'promise_kept_pct' THEN CAST(c.promises AS DECIMAL(38, 12))
                ELSE c.amount
            END, 0
        ) AS denominator
    FROM scope_close AS s
    CROSS JOIN term AS t
    LEFT JOIN counted AS c
        ON
            s.company_id = c.company_id
            AND s.dimension = c.dimension
            AND s.member = c.member
            AND s.currency = c.currency
            AND s.is_total = c.is_total
            AND s.closed_on = c.closed_on
            AND s."window" = c."window"
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
    CAST(100 * CAST(numerator AS DOUBLE) / NULLIF(CAST(denominator AS DOUBLE), 0) AS DECIMAL(38, 12)) AS value,
    'pct' AS unit,
    numerator,
    denominator,
    CASE WHEN denominator = 0 THEN 'no_promises' END AS note
FROM stated
