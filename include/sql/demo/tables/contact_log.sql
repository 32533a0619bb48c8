-- Calls and visits: about late items (before the money came), and where a promise was made. Times are local office
-- hours.
-- What characters say stands in script_talk; the others speak from a short list.
WITH talk AS (
    SELECT
        item.n,
        'L' || ITEM_KEY(item.d, item.seq) AS tail,
        ITEM_KEY(item.d, item.seq) AS key,
        WORKDAY(item.due_on + WHOLE(3, 12, U(ITEM_KEY(item.d, item.seq), 'call'))) AS on_date,
        PICK(
            ['no_answer', 'spoke', 'spoke', 'spoke', 'refused', 'wrong_person'],
            U(ITEM_KEY(item.d, item.seq), 'outcome')
        ) AS outcome,
        PICK(
            ['customer_habit', 'loose_terms', 'market_policy', 'product', 'service', 'legacy_issue', NULL, NULL],
            U(ITEM_KEY(item.d, item.seq), 'why')
        ) AS reason_code,
        PICK(
            [
                '财务说等集团资金计划|Waiting for the group''s funding round',
                '负责人出差，下周回|Manager away until next week',
                '发票未入账，已补寄|Invoice not posted yet, copy sent again',
                '答应安排进本月付款|Will try to fit it into this month''s run',
                '上游未付，请求缓一缓|Says their own customers have not paid'
            ],
            U(ITEM_KEY(item.d, item.seq), 'note')
        ) AS note
    FROM item
    WHERE
        NOT item.is_scripted
        AND item.kind = 'invoice'
        AND COALESCE(item.pay_on - item.due_on, 999) > 14
        AND U(ITEM_KEY(item.d, item.seq), 'called') < 0.2
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
        'S' || STRFTIME(month_on, '%y%m') || talk.day AS tail,
        talk.n * 100000 + MONTH_NUMBER(month_on) * 100 + talk.day AS key,
        WORKDAY(month_on + talk.day - 1) AS on_date,
        talk.outcome,
        talk.reason_code,
        talk.note || '|' || talk.note AS note
    FROM script_talk AS talk
    CROSS JOIN calendar_month
    WHERE (MONTH_NUMBER(month_on) + talk.phase) % talk.every = 0
),

timed AS (
    SELECT
        *,
        CAST(on_date AS TIMESTAMP) + TO_MINUTES(540 + WHOLE(0, 470, U(key, 'minute'))) AS local_time
    FROM talk
    WHERE on_date <= GETVARIABLE('through')
)

SELECT
    customer.company_id,
    'CL-' || SUBSTR(customer.account_id, 2) || '-' || tail AS log_id,
    customer.account_id,
    TIMEZONE(IF(customer.company_id = 'HD', 'Asia/Shanghai', 'Europe/London'), local_time) AS contacted_at,
    IF(
        outcome IN ('promised', 'spoke') AND U(key, 'channel') < 0.1,
        'visit',
        PICK(['phone', 'phone', 'phone', 'message', 'mail'], U(key, 'channel'))
    ) AS channel,
    outcome,
    staff.rep_id,
    reason_code,
    CASE
        WHEN outcome = 'no_answer' AND NOT customer.is_character THEN NULL
        WHEN customer.locale = 'zh_CN' THEN PART(note, 1)
        ELSE PART(note, 2)
    END AS note,
    CASE
        WHEN outcome <> 'no_answer' AND U(key, 'next') < 0.5
            THEN CAST(WORKDAY(on_date + WHOLE(3, 14, U(key, 'next day'))) AS DATE)
    END AS next_step_on
FROM timed
INNER JOIN customer ON timed.n = customer.n
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
