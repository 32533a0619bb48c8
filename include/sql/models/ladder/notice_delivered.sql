-- One row per overdue account, notice of the ladder and day on which it was really delivered: the contact log or the
-- outbox says so, and the oldest item was late enough by then. What was sent before, or before a document
-- with an older due date was booked, belongs to other arrears.
-- materialise: table
WITH word AS (
    SELECT
        company_id,
        account_id,
        contacted_on AS delivered_on,
        'contact' AS source,
        channel,
        outcome,
        'contact_log:' || log_id AS evidence
    FROM dated_contact
    UNION ALL
    SELECT
        company_id,
        account_id,
        sent_on AS delivered_on,
        'message' AS source,
        kind AS channel,
        'sent' AS outcome,
        'message:' || message_id AS evidence
    FROM ledger.notice
    WHERE sent_on <= $as_of
)

SELECT
    f.company_id,
    f.account_id,
    f.variant,
    n.place,
    w.delivered_on,
    MIN(w.evidence) AS evidence
FROM account_fact AS f
INNER JOIN word AS w ON f.company_id = w.company_id AND f.account_id = w.account_id
INNER JOIN policy.notice_evidence AS e
    ON f.variant = e.variant AND w.source = e.source AND w.channel = e.channel AND w.outcome = e.outcome
INNER JOIN policy.notice AS n
    ON
        f.variant = n.variant
        AND e.place = n.place
        AND DATE_DIFF('day', f.oldest_due_on, w.delivered_on) >= n.from_days
        AND f.known_late_on <= w.delivered_on
GROUP BY f.company_id, f.account_id, f.variant, n.place, w.delivered_on
