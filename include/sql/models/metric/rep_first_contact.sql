-- One row per company and rep: how long customers who are late wait until somebody speaks to them.
-- metrics:
--   first_contact_days:
--     title_en: Days to the first contact
--     title_zh: 首次催收间隔天数
--     formula_en: Mean of the days from the due date to the first talk after it, of instalments that fell due in the
--       window and were not paid in time
--     formula_zh: 期间内到期未按时付清的分期，自到期日至其后首次沟通的平均天数
--     source: Domain C7, late first contact; model talk_day
--     unit: days
--     window: window_months of the policy's finance.reps
--     edge_en: Paid before anybody spoke is left out; open and not spoken to counts its days so far. Only talks that
--       reached somebody count. Fewer instalments than min_items give no figure
--     edge_zh: 沟通前已付清者不计；未清且尚未沟通者计至截止日；联系上才算沟通。分期少于 min_items 时无值
-- materialise: table
WITH part AS (
    SELECT
        s.company_id,
        s.account_id,
        s.document_id,
        s.seq,
        s.due_on,
        MAX(s.settled_on) AS ended_on,
        FALSE AS is_open
    FROM settled_line AS s
    CROSS JOIN policy.rep_parameter AS p
    WHERE s.due_on > p.window_from AND s.settled_on > s.due_on
    GROUP BY s.company_id, s.account_id, s.document_id, s.seq, s.due_on
    UNION ALL
    SELECT
        i.company_id,
        i.account_id,
        i.document_id,
        i.seq,
        i.due_on,
        $as_of AS ended_on,
        TRUE AS is_open
    FROM close_item AS i
    CROSS JOIN policy.rep_parameter AS p
    WHERE i.closed_on = $as_of AND i.bucket <> 'not_due' AND i.due_on > p.window_from
),

late AS (
    SELECT
        company_id,
        account_id,
        document_id,
        seq,
        due_on,
        MAX(ended_on) AS ended_on,
        BOOL_OR(is_open) AS is_open
    FROM part
    GROUP BY company_id, account_id, document_id, seq, due_on
),

event AS (
    SELECT
        company_id,
        account_id,
        due_on AS on_date,
        1 AS is_item,
        ended_on,
        is_open,
        CAST(NULL AS DATE) AS talk_on
    FROM late
    UNION ALL
    SELECT
        company_id,
        account_id,
        on_date,
        0 AS is_item,
        CAST(NULL AS DATE) AS ended_on,
        FALSE AS is_open,
        on_date AS talk_on
    FROM talk_day
    WHERE talks > 0
),

followed AS (
    SELECT
        *,
        MIN(talk_on) OVER (
            PARTITION BY company_id, account_id ORDER BY on_date, is_item
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS next_talk_on
    FROM event
),

waited AS (
    SELECT
        company_id,
        account_id,
        CASE
            WHEN next_talk_on <= ended_on THEN DATE_DIFF('day', on_date, next_talk_on)
            WHEN is_open THEN DATE_DIFF('day', on_date, $as_of)
        END AS days
    FROM followed
    WHERE is_item = 1
)

SELECT
    'first_contact_days' AS name,
    w.company_id,
    m.rep_id,
    CAST(CAST(SUM(w.days) AS DOUBLE) / COUNT(w.days) AS DECIMAL(38, 12)) AS value
FROM waited AS w
INNER JOIN account_member AS m ON w.company_id = m.company_id AND w.account_id = m.account_id
CROSS JOIN policy.rep_parameter AS p
GROUP BY w.company_id, m.rep_id, p.min_items
HAVING COUNT(w.days) >= p.min_items
