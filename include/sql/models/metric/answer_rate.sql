-- One row per scope of a total, close and window: how often somebody was reached. About calls and visits
-- that customers answered; how tasks were answered is in task_answered.
-- metrics:
--   answer_rate_pct:
--     title_en: Answer rate
--     title_zh: 接通率
--     formula_en: Contacts that reached somebody ÷ contacts tried in the window × 100
--     formula_zh: 期间内联系上的次数 ÷ 尝试联系的次数 × 100
--     source: Model talk_day; contacts of the policy say which outcomes reached nobody
--     unit: pct
--     window: mtd, m1, m3, m12
--     edge_en: Letters and messages that were only delivered are no tries. A talk is about no currency, so it is told
--       in totals only. No try gives no figure, note no_contacts
--     edge_zh: 仅送达的信函、消息不算尝试；沟通不分币种，只在合计中列示。无尝试时无值，note 为 no_contacts
-- materialise: table
WITH tried AS (
    SELECT
        t.company_id,
        m.segment,
        m.rep_id,
        t.on_date,
        SUM(t.tries) AS tries,
        SUM(t.talks) AS talks
    FROM talk_day AS t
    INNER JOIN account_member AS m ON t.company_id = m.company_id AND t.account_id = m.account_id
    GROUP BY t.company_id, m.segment, m.rep_id, t.on_date
),

told AS (
    SELECT
        s.company_id,
        s.dimension,
        s.member,
        t.on_date,
        SUM(t.tries) AS tries,
        SUM(t.talks) AS talks
    FROM tried AS t
    INNER JOIN scope_part AS s ON t.company_id = s.company_id AND t.segment = s.segment AND t.rep_id = s.rep_id
    GROUP BY s.company_id, s.dimension, s.member, t.on_date
),

counted AS (
    SELECT
        t.company_id,
        t.dimension,
        t.member,
        w.closed_on,
        w."window",
        SUM(t.tries) AS tries,
        SUM(t.talks) AS talks
    FROM told AS t
    INNER JOIN policy.close_window AS w
        ON
            t.on_date > w.opening_on
            AND t.on_date <= w.closed_on
            AND (t.dimension = 'company' OR w.closed_on = $as_of)
    GROUP BY t.company_id, t.dimension, t.member, w.closed_on, w."window"
)

SELECT
    'answer_rate_pct' AS name,
    s.company_id,
    s.dimension,
    s.member,
    s.currency,
    s.is_total,
    s.closed_on,
    s."window",
    CAST(100 * CAST(c.talks AS DOUBLE) / CAST(c.tries AS DOUBLE) AS DECIMAL(38, 12)) AS value,
    'pct' AS unit,
    CAST(COALESCE(c.talks, 0) AS DECIMAL(38, 12)) AS numerator,
    CAST(COALESCE(c.tries, 0) AS DECIMAL(38, 12)) AS denominator,
    CASE WHEN c.company_id IS NULL THEN 'no_contacts' END AS note
FROM scope_close AS s
LEFT JOIN counted AS c
    ON
        s.company_id = c.company_id
        AND s.dimension = c.dimension
        AND s.member = c.member
        AND s.closed_on = c.closed_on
        AND s."window" = c."window"
WHERE s.is_total
