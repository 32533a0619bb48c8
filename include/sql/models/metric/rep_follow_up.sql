-- One row per company and rep: how many broken promises somebody spoke to the customer about.
-- metrics:
--   promises_followed_pct:
--     title_en: Broken promises followed
--     title_zh: 失约跟进率
--     formula_en: Broken promises after whose day the account was spoken to in time ÷ broken promises × 100
--     formula_zh: 失约后及时沟通的承诺笔数 ÷ 失约承诺笔数 × 100
--     source: Domain C7, promises not followed; in time is follow_up_days of the policy, from the end of the tolerance
--     unit: pct
--     window: Promised for a day in window_months of the policy's finance.reps
--     edge_en: Kept in part is broken. A promise that may still be followed in time is left out. Fewer broken promises
--       than min_items give no figure
--     edge_zh: 部分兑现视为失约；跟进期限未满且尚未跟进者不计。失约承诺少于 min_items 时无值
-- materialise: table
WITH broken AS (
    SELECT
        s.company_id,
        s.account_id,
        s.promised_for,
        v.promise_tolerance_days + p.follow_up_days AS days
    FROM promise_status AS s
    CROSS JOIN policy.rep_parameter AS p
    INNER JOIN account_scope AS a ON s.company_id = a.company_id AND s.account_id = a.account_id
    INNER JOIN policy.variant_parameter AS v ON a.variant = v.variant
    WHERE s.state IN ('broken', 'partially_kept') AND s.promised_for > p.window_from
),

event AS (
    SELECT
        company_id,
        account_id,
        promised_for AS on_date,
        1 AS is_promise,
        days,
        CAST(NULL AS DATE) AS talk_on
    FROM broken
    UNION ALL
    SELECT
        company_id,
        account_id,
        on_date,
        0 AS is_promise,
        0 AS days,
        on_date AS talk_on
    FROM talk_day
    WHERE talks > 0
),

next_talk AS (
    SELECT
        *,
        MIN(talk_on) OVER (
            PARTITION BY company_id, account_id ORDER BY on_date, is_promise
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS next_talk_on
    FROM event
),

followed AS (
    SELECT
        company_id,
        account_id,
        CASE
            WHEN DATE_DIFF('day', on_date, next_talk_on) <= days THEN 1
            WHEN DATE_DIFF('day', on_date, $as_of) >= days THEN 0
        END AS is_followed
    FROM next_talk
    WHERE is_promise = 1
)

SELECT
    'promises_followed_pct' AS name,
    f.company_id,
    m.rep_id,
    CAST(100 * CAST(SUM(f.is_followed) AS DOUBLE) / COUNT(f.is_followed) AS DECIMAL(38, 12)) AS value
FROM followed AS f
INNER JOIN account_member AS m ON f.company_id = m.company_id AND f.account_id = m.account_id
CROSS JOIN policy.rep_parameter AS p
GROUP BY f.company_id, m.rep_id, p.min_items
HAVING COUNT(f.is_followed) >= p.min_items
