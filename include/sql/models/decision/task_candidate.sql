-- One row per thing to do, before points: whom it concerns, what to ask for, who does it.
-- Nobody calls or writes to the insolvent, one whose status the contract does not know, or a customer who asked to be
-- left alone for now. After a talk an account rests: until the day that was agreed, else as long as the kind or the
-- stage says. In each currency an account gets one talk about money. task_id is the uuid5 of what the task is about, in
-- the namespace whose bytes are "huikuan:task:id:", so it is the same every night; what is about the whole account is
-- the same in whichever currency.
-- materialise: table
WITH found AS (
    SELECT
        company_id,
        account_id,
        currency,
        kind,
        '' AS subject_id,
        ask_amount,
        NULL AS owner_rep_id,
        NULL AS happened_on,
        NULL AS deadline_on
    FROM task_talk
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        kind,
        subject_id,
        ask_amount,
        owner_rep_id,
        happened_on,
        deadline_on
    FROM task_event
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        kind,
        '' AS subject_id,
        ask_amount,
        NULL AS owner_rep_id,
        NULL AS happened_on,
        NULL AS deadline_on
    FROM task_paper
),

-- The lawyer for a company's claims, or who stands in: one who reports to the manager of a rep there, else any.
lawyer AS (
    SELECT
        a.company_id,
        MIN(w.own_rep_id) AS rep_id,
        MIN(CASE WHEN r.manager_id IN (m.manager_id, m.rep_id) THEN w.own_rep_id END) AS near_rep_id
    FROM (
        SELECT DISTINCT
            company_id,
            rep_id
        FROM ledger.account
    ) AS a
    LEFT JOIN ledger.rep AS s ON a.rep_id = s.rep_id
    LEFT JOIN ledger.rep AS m ON s.manager_id = m.rep_id
    CROSS JOIN ledger.rep AS r
    INNER JOIN worker AS w ON r.rep_id = w.rep_id
    WHERE r.role = 'legal'
    GROUP BY a.company_id
),

looked AS (
    SELECT
        f.*,
        s.stage,
        s.risk_grade,
        k.points AS kind_points,
        k.due_in_days,
        k.waits_for_best_day,
        k.is_contact,
        k.talk_place,
        t.days_untouched,
        t.days_untried,
        k.is_contact AND t.days_untouched >= p.coverage_floor_days AS is_floor,
        CAST(f.ask_amount AS DECIMAL(28, 4)) * r.rate AS ask_functional,
        CASE
            WHEN f.kind = 'escalate' THEN w.manager_id
            WHEN f.kind = 'file_claim' THEN COALESCE(y.near_rep_id, y.rep_id, w.manager_id)
            ELSE COALESCE(o.own_rep_id, o.manager_id, w.works_rep_id)
        END AS rep_id
    FROM found AS f
    INNER JOIN account_status AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
    INNER JOIN ledger.account AS a ON f.company_id = a.company_id AND f.account_id = a.account_id
    INNER JOIN account_worker AS w ON f.company_id = w.company_id AND f.account_id = w.account_id
    INNER JOIN account_touch AS t ON f.company_id = t.company_id AND f.account_id = t.account_id
    INNER JOIN policy.task_kind AS k ON f.kind = k.kind
    INNER JOIN policy.task_stage AS g ON s.stage = g.stage
    CROSS JOIN policy.task_parameter AS p
    LEFT JOIN company_rate AS r ON f.company_id = r.company_id AND f.currency = r.currency
    LEFT JOIN worker AS o ON f.owner_rep_id = o.rep_id
    LEFT JOIN lawyer AS y ON f.company_id = y.company_id
    LEFT JOIN rule_match AS e
        ON
            f.company_id = e.company_id
            AND f.account_id = e.account_id
            AND e.decision = 'task:' || f.kind
            AND e.place = 1
    WHERE
        -- Without a sum there is nothing late: who has been quiet for long is called at any stage.
        (s.stage >= k.from_stage OR f.ask_amount IS NULL)
        AND (
            k.over_overdue_functional IS NULL
            OR s.overdue_functional IS NULL
            OR s.overdue_functional > k.over_overdue_functional
        )
        AND (
            k.over_ask_functional IS NULL
            OR r.rate IS NULL
            OR CAST(f.ask_amount AS DECIMAL(28, 4)) * r.rate > k.over_ask_functional
        )
        AND (NOT k.has_entry OR e.rule_id IS NOT NULL)
        AND (
            COALESCE(a.status, 'active') <> 'insolvent'
            OR f.kind IN ('resolve_dispute', 'collect_evidence', 'file_claim')
        )
        AND (
            NOT (k.is_contact OR f.kind IN ('send_statement', 'chase_statement'))
            OR (
                COALESCE(a.status, 'active') IN ('active', 'closed')
                AND (a.do_not_contact_until IS NULL OR a.do_not_contact_until <= $business_date)
            )
        )
        AND (
            f.kind <> 'visit'
            OR t.last_visit_on IS NULL
            OR DATE_DIFF('day', t.last_visit_on, $business_date) >= k.every_days
        )
        AND (
            (k.talk_place IS NULL AND f.kind <> 'chase_promise')
            OR t.last_talk_on IS NULL
            OR t.days_untouched >= p.coverage_floor_days
            OR t.last_talk_on <= f.happened_on
            OR (t.follow_up_on IS NOT NULL AND t.follow_up_on <= $business_date)
            OR (
                t.follow_up_on IS NULL
                AND DATE_DIFF('day', t.last_talk_on, $business_date)
                >= CASE WHEN f.kind = 'visit' OR k.every_days = 0 THEN g.rhythm_days ELSE k.every_days END
            )
        )
),

asked AS (
    SELECT
        company_id,
        account_id,
        currency,
        MIN(talk_place) AS talk_place,
        SUM(CASE WHEN kind = 'chase_promise' THEN ask_amount ELSE 0 END) AS chased_amount
    FROM looked
    WHERE is_contact AND ask_amount IS NOT NULL
    GROUP BY company_id, account_id, currency
),

-- Who is spoken to anyway needs no call without a sum.
spoken_to AS (
    SELECT
        company_id,
        account_id
    FROM looked
    WHERE is_contact AND (ask_amount IS NOT NULL OR talk_place IS NULL)
    GROUP BY company_id, account_id
),

digest AS (
    SELECT
        n.*,
        SHA1(
            'huikuan:task:id:' || n.company_id || '|' || n.account_id || '|' || n.kind || '|'
            || CASE WHEN n.kind IN ('tell_release', 'prepare_referral') THEN '' ELSE COALESCE(n.currency, '') END
            || '|' || n.subject_id
        ) AS hex
    FROM looked AS n
    LEFT JOIN asked AS q
        ON n.company_id = q.company_id AND n.account_id = q.account_id AND n.currency = q.currency
    LEFT JOIN spoken_to AS c ON n.company_id = c.company_id AND n.account_id = c.account_id
    WHERE
        n.talk_place IS NULL
        OR (n.ask_amount IS NULL AND c.account_id IS NULL)
        -- Who is chased for all of it anyway needs no second call; a plan or a visit is more than a call.
        OR (
            n.ask_amount IS NOT NULL
            AND n.talk_place = q.talk_place
            AND (q.chased_amount = 0 OR n.ask_amount > q.chased_amount OR n.kind IN ('visit', 'offer_plan'))
        )
)

SELECT
    SUBSTR(hex, 1, 8) || '-' || SUBSTR(hex, 9, 4) || '-5' || SUBSTR(hex, 14, 3) || '-'
    || TRANSLATE(SUBSTR(hex, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || SUBSTR(hex, 18, 3) || '-'
    || SUBSTR(hex, 21, 12) AS task_id,
    company_id,
    account_id,
    currency,
    kind,
    subject_id,
    ask_amount,
    stage,
    risk_grade,
    rep_id,
    kind_points,
    due_in_days,
    waits_for_best_day,
    is_contact,
    days_untouched,
    days_untried,
    is_floor,
    deadline_on,
    ask_functional
FROM digest
