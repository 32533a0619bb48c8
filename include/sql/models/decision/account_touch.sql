-- One row per account: when it was last spoken to, what was agreed, and for how long nobody has spoken to it while it
-- owed money. A contact counts when somebody was reached.
-- materialise: table
WITH reached AS (
    SELECT
        l.company_id,
        l.account_id,
        CAST(l.contacted_at AS DATE) AS talked_on,
        l.channel,
        l.next_step_on,
        ROW_NUMBER() OVER (
            PARTITION BY l.company_id, l.account_id ORDER BY l.contacted_at DESC, l.log_id DESC
        ) AS place
    FROM ledger.contact_log AS l
    LEFT JOIN policy.contact_outcome AS u ON l.outcome = u.outcome AND u.meaning = 'unanswered'
    WHERE CAST(l.contacted_at AS DATE) <= $as_of AND u.outcome IS NULL
),

talk AS (
    SELECT
        company_id,
        account_id,
        MAX(talked_on) AS last_talk_on,
        MAX(CASE WHEN channel = 'visit' THEN talked_on END) AS last_visit_on,
        MAX(CASE WHEN place = 1 THEN next_step_on END) AS follow_up_on
    FROM reached
    GROUP BY company_id, account_id
),

owing AS (
    SELECT
        i.company_id,
        i.account_id,
        MIN(d.issued_on) AS owes_since
    FROM open_item AS i
    INNER JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
    WHERE i.net_amount > 0
    GROUP BY i.company_id, i.account_id
)

SELECT
    a.company_id,
    a.account_id,
    t.last_talk_on,
    t.last_visit_on,
    t.follow_up_on,
    DATE_DIFF('day', GREATEST(o.owes_since, COALESCE(t.last_talk_on, o.owes_since)), $business_date) AS days_untouched
FROM ledger.account AS a
LEFT JOIN talk AS t ON a.company_id = t.company_id AND a.account_id = t.account_id
LEFT JOIN owing AS o ON a.company_id = o.company_id AND a.account_id = o.account_id
