-- One row per thing that happened and needs an answer: a promise not kept, a dispute, a statement that the customer's
-- books do not agree with, one that nobody answered in time, a sanction that ended or is coming, money that cleared the
-- arrears, an insolvency.
-- materialise: view
WITH in_dispute AS (
    SELECT
        d.company_id,
        i.account_id,
        i.currency,
        d.dispute_id,
        d.owner_rep_id,
        d.resolve_by,
        LEAST(SUM(i.disputed_amount), COALESCE(MAX(d.amount), SUM(i.disputed_amount))) AS amount
    FROM ledger.dispute AS d
    INNER JOIN open_item AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE
        d.opened_on <= $as_of
        AND (d.resolved_on IS NULL OR d.resolved_on > $as_of)
        AND i.disputed_amount > 0
    GROUP BY d.company_id, i.account_id, i.currency, d.dispute_id, d.owner_rep_id, d.resolve_by
),

-- The last answer says that the balance differs, and nobody has opened a dispute with this account since, or before
-- about the document that the answer names.
differing AS (
    SELECT
        m.company_id,
        m.account_id,
        m.currency,
        m.number
    FROM statement_answer AS m
    INNER JOIN account_balance AS b
        ON m.company_id = b.company_id AND m.account_id = b.account_id AND m.currency = b.currency
    WHERE
        m.outcome = 'differs'
        AND NOT EXISTS (
            SELECT 1
            FROM ledger.dispute AS d
            INNER JOIN ledger.document AS o ON d.company_id = o.company_id AND d.document_id = o.document_id
            WHERE
                o.company_id = m.company_id
                AND o.account_id = m.account_id
                AND (
                    d.opened_on >= m.received_on
                    OR (
                        d.document_id = m.document_id AND (d.resolved_on IS NULL OR d.resolved_on >= m.received_on)
                    )
                )
                AND d.opened_on <= $as_of
        )
),

unkept AS (
    SELECT
        s.company_id,
        s.account_id,
        s.currency,
        s.promise_id,
        s.promised_for,
        LEAST(
            s.amount - s.received_since_amount,
            CASE
                WHEN s.document_id IS NULL THEN b.overdue_amount - COALESCE(m.overdue_amount, 0)
                ELSE COALESCE(d.amount, 0)
            END
        ) AS amount
    FROM promise_status AS s
    CROSS JOIN policy.look_back AS w
    INNER JOIN account_balance AS b
        ON s.company_id = b.company_id AND s.account_id = b.account_id AND s.currency = b.currency
    LEFT JOIN (
        SELECT
            i.company_id,
            i.document_id,
            SUM(i.collectable_amount - COALESCE(n.promised_amount, 0)) AS amount
        FROM open_item AS i
        INNER JOIN (
            SELECT DISTINCT
                company_id,
                document_id
            FROM promise_status
            WHERE state IN ('broken', 'partially_kept')
        ) AS k ON i.company_id = k.company_id AND i.document_id = k.document_id
        LEFT JOIN promised_item AS n
            ON i.company_id = n.company_id AND i.document_id = n.document_id AND i.seq = n.seq
        GROUP BY i.company_id, i.document_id
    ) AS d ON s.company_id = d.company_id AND s.document_id = d.document_id
    LEFT JOIN account_promised AS m
        ON s.company_id = m.company_id AND s.account_id = m.account_id AND s.currency = m.currency
    WHERE s.state IN ('broken', 'partially_kept') AND s.is_latest AND s.promised_for > w.long_from
),

-- The largest balance says in which currency an account is asked where the task is about all of it.
largest AS (
    SELECT
        b.company_id,
        b.account_id,
        b.currency,
        b.overdue_amount,
        b.net_amount,
        ROW_NUMBER() OVER (
            PARTITION BY b.company_id, b.account_id
            ORDER BY
                b.overdue_amount * r.rate DESC NULLS LAST,
                b.net_amount * r.rate DESC NULLS LAST,
                b.overdue_amount DESC,
                b.currency ASC
        ) AS place
    FROM account_balance AS b
    LEFT JOIN company_rate AS r ON b.company_id = r.company_id AND b.currency = r.currency
),

-- Silence is no answer: it is asked for when it is late, and again some time after somebody has spoken to the customer.
unanswered AS (
    SELECT
        m.company_id,
        m.account_id,
        l.currency,
        m.number,
        l.net_amount
    FROM statement_state AS m
    CROSS JOIN policy.statement_parameter AS p
    INNER JOIN largest AS l ON m.company_id = l.company_id AND m.account_id = l.account_id AND l.place = 1
    INNER JOIN account_touch AS t ON m.company_id = t.company_id AND m.account_id = t.account_id
    WHERE
        l.net_amount > 0
        AND m.outcome IS NULL
        AND DATE_DIFF('day', m.sent_on, $business_date) > p.reply_days
        AND (
            t.last_talk_on IS NULL
            OR DATE_DIFF('day', m.sent_on, t.last_talk_on) <= p.reply_days
            OR DATE_DIFF('day', t.last_talk_on, $business_date) >= p.remind_every_days
        )
),

-- Yesterday's news that nobody has told yet, for as long as the policy lets it stand.
untold AS (
    SELECT
        y.company_id,
        y.account_id,
        y.currency,
        y.kind,
        y.subject_id
    FROM task_before AS y
    INNER JOIN policy.task_kind AS k ON y.kind = k.kind
    INNER JOIN account_touch AS t ON y.company_id = t.company_id AND y.account_id = t.account_id
    LEFT JOIN account_flag AS a
        ON y.company_id = a.company_id AND y.account_id = a.account_id AND y.subject_id = a.flag
    WHERE
        y.kind IN ('tell_release', 'thank_payment')
        AND DATE_DIFF('day', y.first_listed_on, $business_date) < k.every_days
        AND (t.last_talk_on IS NULL OR t.last_talk_on < y.first_listed_on)
        AND (a.flag IS NULL OR a.state = 'rejected')
),

cleared AS (
    SELECT
        s.company_id,
        s.account_id,
        MAX(r.receipt_id) AS receipt_id,
        MAX_BY(r.currency, r.receipt_id) AS currency
    FROM account_status AS s
    INNER JOIN previous.account_status AS y ON s.company_id = y.company_id AND s.account_id = y.account_id
    INNER JOIN ledger.receipt AS r ON s.company_id = r.company_id AND s.account_id = r.account_id
    WHERE s.stage = 'M0' AND y.stage <> 'M0' AND r.received_on > y.as_of AND r.received_on <= $as_of
    GROUP BY s.company_id, s.account_id
)

SELECT
    company_id,
    account_id,
    currency,
    'chase_promise' AS kind,
    promise_id AS subject_id,
    amount AS ask_amount,
    NULL AS owner_rep_id,
    promised_for AS happened_on,
    NULL AS deadline_on
FROM unkept
WHERE amount > 0
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'resolve_dispute' AS kind,
    dispute_id AS subject_id,
    amount AS ask_amount,
    owner_rep_id,
    NULL AS happened_on,
    resolve_by AS deadline_on
FROM in_dispute
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'resolve_dispute' AS kind,
    number AS subject_id,
    NULL AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM differing
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'chase_statement' AS kind,
    number AS subject_id,
    net_amount AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM unanswered
UNION ALL
SELECT
    a.company_id,
    a.account_id,
    l.currency,
    'tell_release' AS kind,
    a.flag AS subject_id,
    NULL AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM account_flag AS a
LEFT JOIN largest AS l ON a.company_id = l.company_id AND a.account_id = l.account_id AND l.place = 1
WHERE a.state = 'released'
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'thank_payment' AS kind,
    receipt_id AS subject_id,
    NULL AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM cleared
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    kind,
    subject_id,
    NULL AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM untold
UNION ALL
SELECT
    s.company_id,
    s.account_id,
    l.currency,
    'prepare_referral' AS kind,
    '' AS subject_id,
    l.overdue_amount AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM account_status AS s
INNER JOIN largest AS l ON s.company_id = l.company_id AND s.account_id = l.account_id AND l.place = 1
LEFT JOIN account_flag AS a
    ON s.company_id = a.company_id AND s.account_id = a.account_id AND a.flag = 'legal_referral'
WHERE
    l.overdue_amount > 0
    AND (s.ladder_next_step = 'legal_referral' OR a.state IN ('proposed', 'approved', 'active'))
UNION ALL
SELECT
    b.company_id,
    b.account_id,
    b.currency,
    'file_claim' AS kind,
    '' AS subject_id,
    b.net_amount AS ask_amount,
    NULL AS owner_rep_id,
    NULL AS happened_on,
    NULL AS deadline_on
FROM account_balance AS b
INNER JOIN account_fact AS f ON b.company_id = f.company_id AND b.account_id = f.account_id
WHERE f.is_insolvent AND b.net_amount > 0
