-- Calls and visits: about late items (before the money came), and where a promise was made. Times are local office hours.
-- What characters say stands in script_talk; the others speak from a short list.
WITH talk AS (
    SELECT
        item.n,
        'L' || item_key(item.d, item.seq) AS tail,
        item_key(item.d, item.seq) AS key,
        workday(item.due_on + whole(3, 12, u(item_key(item.d, item.seq), 'call'))) AS on_date,
        pick(['no_answer', 'spoke', 'spoke', 'spoke', 'refused', 'wrong_person'], u(item_key(item.d, item.seq), 'outcome')) AS outcome,
        pick(
            ['customer_habit', 'loose_terms', 'market_policy', 'product', 'service', 'legacy_issue', NULL, NULL],
            u(item_key(item.d, item.seq), 'why')
        ) AS reason_code,
        pick(
            [
                '财务说等集团资金计划|Waiting for the group''s funding round',
                '负责人出差，下周回|Manager away until next week',
                '发票未入账，已补寄|Invoice not posted yet, copy sent again',
                '答应安排进本月付款|Will try to fit it into this month''s run',
                '上游未付，请求缓一缓|Says their own customers have not paid',
                '无人接听|No answer'
            ],
            u(item_key(item.d, item.seq), 'note')
        ) AS note
    FROM item
    WHERE
        NOT item.is_scripted
        AND item.kind = 'invoice'
        AND coalesce(item.pay_on - item.due_on, 999) > 14
        AND u(item_key(item.d, item.seq), 'called') < 0.2
        AND item.d IN (SELECT kept.d FROM kept)
    UNION ALL
    SELECT
        n,
        'P' || d || no AS tail,
        d * 10 + no AS key,
        made_on AS on_date,
        'promised' AS outcome,
        NULL AS reason_code,
        '承诺付款，已记录日期与金额|Promised an amount and a day' AS note
    FROM promise_fact
    UNION ALL
    SELECT
        talk.n,
        'S' || strftime(month_on, '%y%m') || talk.day AS tail,
        talk.n * 100000 + month_number(month_on) * 100 + talk.day AS key,
        workday(month_on + talk.day - 1) AS on_date,
        talk.outcome,
        talk.reason_code,
        talk.note || '|' || talk.note AS note
    FROM script_talk AS talk
    CROSS JOIN (
        SELECT CAST(getvariable('start') + to_months(CAST(i AS INTEGER)) AS DATE) AS month_on
        FROM range(0, getvariable('months') + 1) AS t (i)
    ) AS m
    WHERE (month_number(month_on) + talk.phase) % talk.every = 0
),

timed AS (
    SELECT
        *,
        CAST(on_date AS TIMESTAMP) + to_minutes(540 + whole(0, 470, u(key, 'minute'))) AS local_time
    FROM talk
    WHERE on_date <= getvariable('through')
)

SELECT
    customer.company_id,
    'CL-' || substr(customer.account_id, 2) || '-' || tail AS log_id,
    customer.account_id,
    timezone(if(customer.company_id = 'HD', 'Asia/Shanghai', 'Europe/London'), local_time) AS contacted_at,
    if(outcome IN ('promised', 'spoke') AND u(key, 'channel') < 0.1, 'visit', pick(['phone', 'phone', 'phone', 'message', 'mail'],
        u(key, 'channel'))) AS channel,
    outcome,
    staff.rep_id,
    reason_code,
    part(note, if(customer.locale = 'zh_CN', 1, 2)) AS note,
    CASE WHEN outcome <> 'no_answer' AND u(key, 'next') < 0.5
        THEN CAST(workday(on_date + whole(3, 14, u(key, 'next day'))) AS DATE) END AS next_step_on
FROM timed
INNER JOIN customer ON timed.n = customer.n
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
