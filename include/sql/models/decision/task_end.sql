-- One row per task of the night before that is in no list any more: done when the facts show that it was, else void.
-- materialise: table
WITH gone AS (
    SELECT y.*
    FROM previous.task AS y
    LEFT JOIN task AS t ON y.task_id = t.task_id
    WHERE t.task_id IS NULL
),

paid AS (
    SELECT
        g.task_id,
        SUM(r.amount) AS amount,
        MAX(r.received_on) AS paid_on
    FROM gone AS g
    INNER JOIN ledger.receipt AS r
        ON
            g.company_id = r.company_id
            AND g.account_id = r.account_id
            AND g.currency = r.currency
    WHERE
        g.kind NOT IN ('send_statement', 'chase_statement', 'collect_evidence', 'tell_release', 'thank_payment')
        -- Listed in the morning of a business date: what came in on that day or later came after.
        AND r.received_on >= g.first_listed_on
        AND r.received_on <= $as_of
    GROUP BY g.task_id
    HAVING SUM(r.amount) > 0
),

papers AS (
    SELECT DISTINCT g.task_id
    FROM gone AS g
    INNER JOIN paper AS e ON g.company_id = e.company_id AND g.account_id = e.account_id
    WHERE
        (
            (g.kind = 'send_statement' AND e.kind = 'stamped_statement')
            OR (g.kind = 'collect_evidence' AND e.kind IN ('delivery_note', 'acceptance_certificate'))
        )
        AND e.obtained_on >= g.first_listed_on
    UNION ALL
    -- An answer is what was chased, whatever it says and whenever somebody wrote it down; what we sent is sent.
    SELECT g.task_id
    FROM gone AS g
    INNER JOIN statement_state AS m ON g.company_id = m.company_id AND g.account_id = m.account_id
    WHERE
        (g.kind = 'chase_statement' AND g.subject_id = m.number AND m.outcome IS NOT NULL)
        OR (g.kind = 'send_statement' AND m.sent_on >= g.first_listed_on AND m.outcome IS DISTINCT FROM 'undeliverable')
),

settled AS (
    SELECT DISTINCT g.task_id
    FROM gone AS g
    INNER JOIN ledger.dispute AS d ON g.company_id = d.company_id AND g.subject_id = d.dispute_id
    WHERE g.kind = 'resolve_dispute' AND d.resolved_on <= $as_of
    UNION ALL
    SELECT g.task_id
    FROM gone AS g
    INNER JOIN ledger.statement AS s
        ON g.company_id = s.company_id AND g.account_id = s.account_id AND g.subject_id = s.number
    INNER JOIN statement_answer AS m ON g.company_id = m.company_id AND g.account_id = m.account_id
    WHERE g.kind = 'resolve_dispute' AND m.outcome = 'confirmed'
),

promised AS (
    SELECT
        g.task_id,
        BOOL_OR(s.promise_id = g.subject_id AND s.state = 'kept') AS is_kept,
        MAX(CASE WHEN m.made_on >= g.first_listed_on THEN m.made_on END) AS promised_on
    FROM gone AS g
    INNER JOIN ledger.promise AS m
        ON
            g.company_id = m.company_id
            AND g.account_id = m.account_id
            AND g.currency = m.currency
            AND m.made_on <= $as_of
    INNER JOIN promise_status AS s ON m.company_id = s.company_id AND m.promise_id = s.promise_id
    INNER JOIN policy.task_kind AS k ON g.kind = k.kind
    WHERE k.talk_place IS NOT NULL OR g.kind = 'chase_promise'
    GROUP BY g.task_id
),

dated AS (
    SELECT
        g.*,
        x.task_id IS NOT NULL AS is_settled,
        e.task_id IS NOT NULL AS is_obtained,
        g.kind = 'chase_promise' AND COALESCE(m.is_kept, FALSE) AS is_kept,
        p.amount AS paid_amount,
        p.paid_on,
        m.promised_on,
        CASE
            WHEN (k.is_contact OR g.kind = 'chase_statement') AND t.last_talk_on >= g.first_listed_on
                THEN t.last_talk_on
        END AS talked_on
    FROM gone AS g
    LEFT JOIN paid AS p ON g.task_id = p.task_id
    LEFT JOIN (SELECT DISTINCT task_id FROM papers) AS e ON g.task_id = e.task_id
    LEFT JOIN (SELECT DISTINCT task_id FROM settled) AS x ON g.task_id = x.task_id
    LEFT JOIN promised AS m ON g.task_id = m.task_id
    LEFT JOIN policy.task_kind AS k ON g.kind = k.kind
    LEFT JOIN account_touch AS t ON g.company_id = t.company_id AND g.account_id = t.account_id
),

-- Of money, a promise and a talk, what came last ended it.
judged AS (
    SELECT
        *,
        CASE
            WHEN is_settled THEN 'resolved'
            WHEN is_obtained THEN 'obtained'
            WHEN is_kept THEN 'kept'
            WHEN paid_on >= GREATEST(COALESCE(promised_on, paid_on), COALESCE(talked_on, paid_on)) THEN 'paid'
            WHEN promised_on >= COALESCE(talked_on, promised_on) THEN 'promised'
            WHEN talked_on IS NOT NULL THEN 'talked'
        END AS reason
    FROM dated
)

SELECT
    task_id,
    rep_id,
    company_id,
    account_id,
    kind,
    subject_id,
    CASE WHEN reason IS NULL THEN 'void' ELSE 'done' END AS outcome,
    COALESCE(reason, 'not_needed') AS reason,
    CASE WHEN reason = 'paid' THEN paid_amount END AS amount,
    currency,
    first_listed_on
FROM judged
