-- One row per thing to do this morning, before points: whom it concerns, what to ask for, who does it.
-- A leaver's accounts go to the manager; an account without anyone in charge keeps no rep and is listed as a hole.
-- Nobody calls the insolvent, one whose status the contract does not know, or a customer who asked to be left alone for
-- now. task_id is the uuid5 of what the task is about, in the namespace whose bytes are "huikuan:task:id:", so it is
-- the same every night.
-- materialise: table
WITH reader AS (
    SELECT
        r.rep_id,
        CASE WHEN COALESCE(r.is_active, TRUE) THEN r.rep_id ELSE m.rep_id END AS works_rep_id,
        m.rep_id AS manager_id
    FROM ledger.rep AS r
    LEFT JOIN ledger.rep AS m ON r.manager_id = m.rep_id AND COALESCE(m.is_active, TRUE)
),

overdue AS (
    SELECT
        b.company_id,
        b.account_id,
        b.currency,
        b.overdue_amount
    FROM account_balance AS b
    INNER JOIN account_scope AS a ON b.company_id = a.company_id AND b.account_id = a.account_id
    INNER JOIN policy.variant_parameter AS p ON a.variant = p.variant
    LEFT JOIN policy.tolerance AS t ON a.variant = t.variant AND b.currency = t.currency
    WHERE b.overdue_amount > COALESCE(t.tolerance, p.default_tolerance)
),

in_dispute AS (
    SELECT
        d.company_id,
        i.account_id,
        i.currency,
        d.dispute_id,
        d.owner_rep_id,
        LEAST(SUM(i.disputed_amount), COALESCE(MAX(d.amount), SUM(i.disputed_amount))) AS amount
    FROM ledger.dispute AS d
    INNER JOIN open_item AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE
        d.opened_on <= $as_of
        AND (d.resolved_on IS NULL OR d.resolved_on > $as_of)
        AND i.disputed_amount > 0
    GROUP BY d.company_id, i.account_id, i.currency, d.dispute_id, d.owner_rep_id
),

unkept AS (
    SELECT
        s.company_id,
        s.account_id,
        s.currency,
        s.promise_id,
        LEAST(
            s.amount - s.received_since_amount,
            CASE WHEN s.document_id IS NULL THEN b.overdue_amount ELSE COALESCE(d.collectable_amount, 0) END
        ) AS amount
    FROM promise_status AS s
    CROSS JOIN policy.look_back AS w
    INNER JOIN account_balance AS b
        ON s.company_id = b.company_id AND s.account_id = b.account_id AND s.currency = b.currency
    LEFT JOIN (
        SELECT
            company_id,
            document_id,
            SUM(collectable_amount) AS collectable_amount
        FROM open_item
        GROUP BY company_id, document_id
    ) AS d ON s.company_id = d.company_id AND s.document_id = d.document_id
    WHERE s.state IN ('broken', 'partially_kept') AND s.is_latest AND s.promised_for > w.long_from
),

found AS (
    SELECT
        o.company_id,
        o.account_id,
        o.currency,
        'call' AS kind,
        '' AS subject_id,
        o.overdue_amount AS ask_amount,
        NULL AS owner_rep_id
    FROM overdue AS o
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        'escalate' AS kind,
        '' AS subject_id,
        overdue_amount AS ask_amount,
        NULL AS owner_rep_id
    FROM overdue
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        'chase_promise' AS kind,
        promise_id AS subject_id,
        amount AS ask_amount,
        NULL AS owner_rep_id
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
        owner_rep_id
    FROM in_dispute
    UNION ALL
    SELECT
        b.company_id,
        b.account_id,
        b.currency,
        'file_claim' AS kind,
        '' AS subject_id,
        b.net_amount AS ask_amount,
        NULL AS owner_rep_id
    FROM account_balance AS b
    INNER JOIN account_fact AS f ON b.company_id = f.company_id AND b.account_id = f.account_id
    WHERE f.is_insolvent AND b.net_amount > 0
),

-- The lawyer for a company's claims: an active one who reports to the manager of a rep there, else any.
lawyer AS (
    SELECT
        a.company_id,
        MIN(r.rep_id) AS rep_id,
        MIN(CASE WHEN r.manager_id IN (m.manager_id, m.rep_id) THEN r.rep_id END) AS near_rep_id
    FROM (
        SELECT DISTINCT
            company_id,
            rep_id
        FROM ledger.account
    ) AS a
    LEFT JOIN ledger.rep AS s ON a.rep_id = s.rep_id
    LEFT JOIN ledger.rep AS m ON s.manager_id = m.rep_id
    CROSS JOIN ledger.rep AS r
    WHERE r.role = 'legal' AND COALESCE(r.is_active, TRUE)
    GROUP BY a.company_id
),

digest AS (
    SELECT
        *,
        SHA1(
            'huikuan:task:id:' || company_id || '|' || account_id || '|' || kind || '|' || currency || '|' || subject_id
        ) AS hex
    FROM found
)

SELECT
    SUBSTR(f.hex, 1, 8) || '-' || SUBSTR(f.hex, 9, 4) || '-5' || SUBSTR(f.hex, 14, 3) || '-'
    || TRANSLATE(SUBSTR(f.hex, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || SUBSTR(f.hex, 18, 3) || '-'
    || SUBSTR(f.hex, 21, 12) AS task_id,
    f.company_id,
    f.account_id,
    f.currency,
    f.kind,
    f.subject_id,
    f.ask_amount,
    s.stage,
    CASE
        WHEN f.kind = 'escalate' THEN w.manager_id
        WHEN f.kind = 'file_claim' THEN COALESCE(y.near_rep_id, y.rep_id, w.manager_id)
        ELSE COALESCE(o.works_rep_id, w.works_rep_id)
    END AS rep_id,
    k.points AS kind_points,
    k.due_in_days,
    CAST(f.ask_amount AS DECIMAL(28, 4)) * r.rate AS ask_functional
FROM digest AS f
INNER JOIN account_status AS s ON f.company_id = s.company_id AND f.account_id = s.account_id
INNER JOIN ledger.account AS a ON f.company_id = a.company_id AND f.account_id = a.account_id
INNER JOIN policy.task_kind AS k
    ON
        f.kind = k.kind
        AND s.stage >= k.from_stage
        AND (
            k.over_overdue_functional IS NULL
            OR s.overdue_functional > k.over_overdue_functional
            OR s.overdue_functional IS NULL
        )
LEFT JOIN company_rate AS r ON f.company_id = r.company_id AND f.currency = r.currency
LEFT JOIN reader AS w ON s.rep_id = w.rep_id
LEFT JOIN reader AS o ON f.owner_rep_id = o.rep_id
LEFT JOIN lawyer AS y ON f.company_id = y.company_id
WHERE
    (f.kind <> 'escalate' OR COALESCE(a.status, 'active') <> 'insolvent')
    AND (
        f.kind NOT IN ('call', 'chase_promise')
        OR (
            COALESCE(a.status, 'active') IN ('active', 'closed')
            AND (a.do_not_contact_until IS NULL OR a.do_not_contact_until <= $business_date)
        )
    )
