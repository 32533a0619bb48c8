-- One row per metric, scope, close and window: every figure of finance, each defined in the model that it comes from.
-- Days and percentages that have no natural end are cut where the column ends; amounts are exact.
-- materialise: table
WITH figure AS (
    SELECT * FROM open_figures
    UNION ALL
    SELECT * FROM movement_figures
    UNION ALL
    SELECT * FROM days_sales
    UNION ALL
    SELECT * FROM collection_effectiveness
    UNION ALL
    SELECT * FROM dso_countback
    UNION ALL
    SELECT * FROM dso_true
    UNION ALL
    SELECT * FROM payment_days
    UNION ALL
    SELECT * FROM promise_kept
    UNION ALL
    SELECT * FROM collection_rate
    UNION ALL
    SELECT * FROM contact_coverage
    UNION ALL
    SELECT * FROM answer_rate
    UNION ALL
    SELECT * FROM task_answered
    UNION ALL
    SELECT * FROM forecast_error
)

SELECT
    f.name,
    s.scope,
    f.company_id,
    f.dimension,
    f.member,
    f.currency,
    f.is_total,
    f.closed_on,
    f."window",
    CASE
        WHEN f.unit = f.currency THEN f.value
        WHEN f.value > 99999999999999 THEN 99999999999999
        WHEN f.value < -99999999999999 THEN -99999999999999
        ELSE f.value
    END AS value,
    f.unit,
    CASE
        WHEN f.numerator > 99999999999999 THEN 99999999999999
        WHEN f.numerator < -99999999999999 THEN -99999999999999
        ELSE f.numerator
    END AS numerator,
    f.denominator,
    f.note
FROM figure AS f
INNER JOIN scope AS s
    ON
        f.company_id = s.company_id
        AND f.dimension = s.dimension
        AND f.member = s.member
        AND f.currency = s.currency
        AND f.is_total = s.is_total
