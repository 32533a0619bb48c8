-- One row per account: when it was last spoken to, what was agreed, and for how long nobody has spoken to it while it
-- owed money; days_untried counts from the last attempt, too. A talk counts by the company's local day, and when
-- somebody was reached; a letter is none. Who made a promise is not untouched, though nobody wrote the talk down.
-- materialise: table
WITH contact AS (
    SELECT
        l.company_id,
        l.account_id,
        l.contacted_at,
        l.contacted_on,
        l.channel,
        l.next_step_on,
        COALESCE(u.meaning, 'talk') AS meaning
    FROM dated_contact AS l
    LEFT JOIN policy.contact_outcome AS u ON l.outcome = u.outcome AND u.meaning IN ('unanswered', 'delivered')
),

latest AS (
    SELECT
        company_id,
        account_id,
        MAX(CASE WHEN meaning <> 'delivered' THEN contacted_on END) AS last_try_on,
        MAX(CASE WHEN meaning = 'talk' THEN contacted_on END) AS last_talk_on,
        MAX(CASE WHEN meaning = 'talk' AND channel = 'visit' THEN contacted_on END) AS last_visit_on,
        MAX(CASE WHEN meaning = 'talk' THEN contacted_at END) AS talked_at
    FROM contact
    GROUP BY company_id, account_id
),

agreed AS (
    SELECT
        t.company_id,
        t.account_id,
        MAX(t.next_step_on) AS follow_up_on
    FROM contact AS t
    INNER JOIN latest AS x
        ON t.company_id = x.company_id AND t.account_id = x.account_id AND t.contacted_at = x.talked_at
    WHERE t.meaning = 'talk' AND t.next_step_on IS NOT NULL
    GROUP BY t.company_id, t.account_id
),

promised AS (
    SELECT
        company_id,
        account_id,
        MAX(made_on) AS made_on
    FROM ledger.promise
    WHERE made_on <= $as_of
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
),

known AS (
    SELECT
        a.company_id,
        a.account_id,
        t.last_talk_on,
        t.last_try_on,
        t.last_visit_on,
        g.follow_up_on,
        CASE
            WHEN o.owes_since IS NOT NULL
                THEN
                    GREATEST(
                        o.owes_since, COALESCE(t.last_talk_on, o.owes_since), COALESCE(m.made_on, o.owes_since)
                    )
        END AS quiet_since
    FROM ledger.account AS a
    LEFT JOIN latest AS t ON a.company_id = t.company_id AND a.account_id = t.account_id
    LEFT JOIN agreed AS g ON a.company_id = g.company_id AND a.account_id = g.account_id
    LEFT JOIN promised AS m ON a.company_id = m.company_id AND a.account_id = m.account_id
    LEFT JOIN owing AS o ON a.company_id = o.company_id AND a.account_id = o.account_id
)

SELECT
    company_id,
    account_id,
    last_talk_on,
    last_visit_on,
    follow_up_on,
    DATE_DIFF('day', quiet_since, $business_date) AS days_untouched,
    DATE_DIFF('day', GREATEST(quiet_since, COALESCE(last_try_on, quiet_since)), $business_date) AS days_untried
FROM known
