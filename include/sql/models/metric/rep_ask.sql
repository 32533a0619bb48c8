-- One row per company and rep: how much of what was overdue the customers were brought to promise.
-- metrics:
--   ask_share_pct:
--     title_en: Share asked for
--     title_zh: 承诺占逾期比例
--     formula_en: Σ amount promised ÷ Σ amount overdue when the promise was made × 100
--     formula_zh: Σ 承诺金额 ÷ Σ 作出承诺时的逾期金额 × 100
--     source: Domain C7, low asks; model promise_status and settled_line
--     unit: pct
--     window: Made in window_months of the policy's finance.reps
--     edge_en: Promises of one account, currency and day are one; no more of it counts than what was overdue the
--       evening before, and a day with nothing overdue is left out. Fewer such days than min_items give no
--       figure; a currency without a rate is left out
--     edge_zh: 同一客户、币种、同日的承诺合并计算；承诺额以前一日日终逾期额为限，无逾期者不计。少于 min_items 时无值，缺汇率的币种不计
-- materialise: table
WITH promised AS (
    SELECT
        l.company_id,
        l.account_id,
        l.currency,
        l.made_on,
        SUM(l.amount) AS amount
    FROM ledger.promise AS l
    CROSS JOIN policy.rep_parameter AS p
    WHERE l.made_on > p.window_from AND l.made_on <= $as_of
    GROUP BY l.company_id, l.account_id, l.currency, l.made_on
),

asked AS (
    SELECT DISTINCT
        company_id,
        account_id,
        currency
    FROM promised
),

event AS (
    SELECT
        a.company_id,
        a.account_id,
        a.currency,
        COALESCE(i.due_on, d.due_on) AS on_date,
        1 AS place,
        COALESCE(i.amount, d.amount) AS overdue,
        0 AS promised
    FROM asked AS a
    INNER JOIN ledger.document AS d
        ON a.company_id = d.company_id AND a.account_id = d.account_id AND a.currency = d.currency
    LEFT JOIN ledger.instalment AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE d.kind <> 'credit_note' AND d.issued_on <= $as_of
    UNION ALL
    SELECT
        a.company_id,
        a.account_id,
        a.currency,
        GREATEST(s.settled_on, s.due_on) AS on_date,
        1 AS place,
        -s.amount AS overdue,
        0 AS promised
    FROM asked AS a
    INNER JOIN settled_line AS s
        ON a.company_id = s.company_id AND a.account_id = s.account_id AND a.currency = s.currency
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        made_on AS on_date,
        0 AS place,
        0 AS overdue,
        amount AS promised
    FROM promised
),

stood AS (
    SELECT
        company_id,
        account_id,
        currency,
        place,
        promised,
        SUM(overdue) OVER (
            PARTITION BY company_id, account_id, currency ORDER BY on_date, place
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS overdue
    FROM event
),

told AS (
    SELECT
        s.company_id,
        m.rep_id,
        COUNT(*) AS items,
        SUM(CAST(LEAST(s.promised, s.overdue) * r.rate AS DOUBLE)) AS promised,
        SUM(CAST(s.overdue * r.rate AS DOUBLE)) AS overdue
    FROM stood AS s
    INNER JOIN account_member AS m ON s.company_id = m.company_id AND s.account_id = m.account_id
    INNER JOIN company_rate AS r ON s.company_id = r.company_id AND s.currency = r.currency
    WHERE s.place = 0 AND s.overdue > 0
    GROUP BY s.company_id, m.rep_id
)

SELECT
    'ask_share_pct' AS name,
    t.company_id,
    t.rep_id,
    CAST(100 * t.promised / t.overdue AS DECIMAL(38, 12)) AS value
FROM told AS t
CROSS JOIN policy.rep_parameter AS p
WHERE t.items >= p.min_items
