-- One row per company, currency and number of weeks ahead: how far the cash forecast was from what came in.
-- metrics:
--   forecast_error_pct:
--     title_en: Error of the cash forecast
--     title_zh: 回款预测误差
--     formula_en: Σ |expected − received| ÷ Σ received × 100, over weeks that are over
--     formula_zh: Σ｜预测回款－实际回款｜÷ Σ 实际回款 × 100，仅计已结束的周
--     source: Model cash_forecast, component total; weighted absolute percentage error
--     unit: pct
--     window: w1 to as many weeks as the policy forecasts
--     edge_en: w<n> tells of forecasts of the n-th week from the one in which they were made, w1 of that week itself,
--       from the day on which the forecast was made. Forecasts older than the policy's error_weeks are left out. No
--       forecast whose week is over gives no figure, note no_forecast; nothing received gives none, note
--       nothing_received. Told of whole companies tonight only
--     edge_zh: w<n> 指作出预测当周起第 n 周的预测，w1 即当周（自预测作出之日起）；早于政策 error_weeks 的预测不计。尚无已结束周的预测时无值，note 为
--       no_forecast；无回款时无值，note 为 nothing_received。仅按公司、仅在当晚列示
-- materialise: table
WITH told AS (
    SELECT
        f.company_id,
        f.currency,
        1 + CAST(
            FLOOR(DATE_DIFF('day', CAST(DATE_TRUNC('week', f.made_on) AS DATE), f.week_from) / 7) AS INTEGER
        ) AS place,
        CAST(f.expected AS DECIMAL(28, 4)) AS expected,
        CAST(f.actual AS DECIMAL(28, 4)) AS actual
    FROM cash_forecast AS f
    WHERE f.component = 'total' AND f.is_final
),

missed AS (
    SELECT
        t.company_id,
        v.currency,
        v.is_total,
        t.place,
        SUM(CAST(ABS(t.expected - t.actual) AS DECIMAL(28, 4)) * v.rate) AS missed,
        SUM(CAST(t.actual AS DECIMAL(28, 4)) * v.rate) AS received
    FROM told AS t
    INNER JOIN currency_view AS v ON t.company_id = v.company_id AND t.currency = v.from_currency
    GROUP BY t.company_id, v.currency, v.is_total, t.place
)

SELECT
    'forecast_error_pct' AS name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    $as_of AS closed_on,
    'w' || w.place AS "window",
    CAST(
        100 * CAST(m.missed AS DOUBLE) / NULLIF(CAST(m.received AS DOUBLE), 0) AS DECIMAL(38, 12)
    ) AS value,
    'pct' AS unit,
    COALESCE(m.missed, 0) AS numerator,
    COALESCE(m.received, 0) AS denominator,
    CASE
        WHEN m.company_id IS NULL THEN 'no_forecast'
        WHEN m.received = 0 THEN 'nothing_received'
    END AS note
FROM scope AS s
CROSS JOIN policy.forecast_week AS w
LEFT JOIN missed AS m
    ON
        s.company_id = m.company_id
        AND s.currency = m.currency
        AND s.is_total = m.is_total
        AND w.place = m.place
WHERE s.dimension = 'company'
