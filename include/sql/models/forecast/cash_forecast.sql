-- One row per company, currency, forecast, week and component: the forecast that the first night of a week makes, and
-- the totals of earlier ones with what really came in. A forecast is never changed once it is made.
-- One that is not made on a Monday expects nothing of the days of its first week that are over, and what came in on
-- them is not set against it.
-- materialise: table
WITH pair AS (
    SELECT
        company_id,
        currency
    FROM account_balance
    UNION
    SELECT
        company_id,
        currency
    FROM new_sales_expected
),

is_made AS (
    SELECT
        f.company_id,
        f.currency
    FROM previous.cash_forecast AS f
    CROSS JOIN policy.forecast_parameter AS p
    WHERE f.made_on >= p.monday
    GROUP BY f.company_id, f.currency
),

part AS (
    SELECT
        company_id,
        currency,
        component,
        place,
        CAST(SUM(expected) AS DECIMAL(28, 8)) AS expected
    FROM promise_expected
    GROUP BY company_id, currency, component, place
    UNION ALL
    SELECT
        company_id,
        currency,
        'behaviour' AS component,
        place,
        expected
    FROM behaviour_expected
    UNION ALL
    SELECT
        company_id,
        currency,
        'new_sales' AS component,
        place,
        expected
    FROM new_sales_expected
),

component AS (
    SELECT 'promise' AS component
    UNION ALL
    SELECT 'plan' AS component
    UNION ALL
    SELECT 'behaviour' AS component
    UNION ALL
    SELECT 'new_sales' AS component
),

made AS (
    SELECT
        p.company_id,
        p.currency,
        c.component,
        w.week_from,
        CASE u.minor_units
            WHEN 0 THEN CAST(ROUND(COALESCE(x.expected, 0), 0) AS DECIMAL(18, 4))
            WHEN 3 THEN CAST(ROUND(COALESCE(x.expected, 0), 3) AS DECIMAL(18, 4))
            WHEN 4 THEN CAST(ROUND(COALESCE(x.expected, 0), 4) AS DECIMAL(18, 4))
            ELSE CAST(ROUND(COALESCE(x.expected, 0), 2) AS DECIMAL(18, 4))
        END AS expected
    FROM pair AS p
    CROSS JOIN component AS c
    CROSS JOIN policy.forecast_week AS w
    LEFT JOIN policy.currency AS u ON p.currency = u.currency
    LEFT JOIN is_made AS m ON p.company_id = m.company_id AND p.currency = m.currency
    LEFT JOIN part AS x
        ON
            p.company_id = x.company_id
            AND p.currency = x.currency
            AND c.component = x.component
            AND w.place = x.place
    WHERE m.company_id IS NULL
),

forecast AS (
    SELECT
        company_id,
        currency,
        $business_date AS made_on,
        week_from,
        component,
        expected
    FROM made
    UNION ALL
    SELECT
        company_id,
        currency,
        $business_date AS made_on,
        week_from,
        'total' AS component,
        SUM(expected) AS expected
    FROM made
    GROUP BY company_id, currency, week_from
    UNION ALL
    SELECT
        f.company_id,
        f.currency,
        f.made_on,
        f.week_from,
        f.component,
        f.expected
    FROM previous.cash_forecast AS f
    CROSS JOIN policy.forecast_parameter AS p
    WHERE f.made_on >= p.errors_from AND (f.component = 'total' OR f.made_on >= p.monday)
),

week AS (
    SELECT DISTINCT
        week_from,
        GREATEST(week_from, made_on) AS counts_from
    FROM forecast
    WHERE week_from <= $as_of
),

received AS (
    SELECT
        r.company_id,
        r.currency,
        w.week_from,
        w.counts_from,
        SUM(r.amount) AS amount
    FROM ledger.receipt AS r
    INNER JOIN week AS w
        ON r.received_on >= w.counts_from AND DATE_DIFF('day', w.week_from, r.received_on) < 7
    WHERE r.received_on <= $as_of
    GROUP BY r.company_id, r.currency, w.week_from, w.counts_from
)

SELECT
    f.company_id,
    f.currency,
    f.made_on,
    f.week_from,
    f.component,
    f.expected,
    CASE WHEN f.component = 'total' AND f.week_from <= $as_of THEN COALESCE(r.amount, 0) END AS actual,
    DATE_DIFF('day', f.week_from, $as_of) >= 6 AS is_final
FROM forecast AS f
LEFT JOIN received AS r
    ON
        f.company_id = r.company_id
        AND f.currency = r.currency
        AND f.week_from = r.week_from
        AND GREATEST(f.week_from, f.made_on) = r.counts_from
