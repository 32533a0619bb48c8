-- One row per task: the script (话术) that the first rule of the playbook gives it, and the special case that the
-- customer has brought up. A reason counts from the latest talk that recorded one and from the latest open dispute,
-- whichever is younger; the task about a dispute looks at that dispute alone. An orientation that is not given is
-- collection_led.
-- materialise: table
WITH spoken AS (
    SELECT
        l.company_id,
        l.account_id,
        l.reason_code,
        l.contacted_on AS given_on,
        ROW_NUMBER() OVER (
            PARTITION BY l.company_id, l.account_id ORDER BY l.contacted_at DESC, l.log_id DESC
        ) AS place
    FROM dated_contact AS l
    CROSS JOIN policy.script_window AS w
    WHERE l.reason_code IS NOT NULL AND l.contacted_on > w.reasons_from
),

disputed AS (
    SELECT
        d.company_id,
        i.account_id,
        d.dispute_id,
        d.reason_code,
        d.opened_on AS given_on,
        ROW_NUMBER() OVER (
            PARTITION BY d.company_id, i.account_id ORDER BY d.opened_on DESC, d.dispute_id DESC
        ) AS place
    FROM ledger.dispute AS d
    INNER JOIN (
        SELECT DISTINCT
            company_id,
            account_id,
            document_id
        FROM open_item
        WHERE disputed_amount > 0
    ) AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE
        d.reason_code IS NOT NULL
        AND d.opened_on <= $as_of
        AND (d.resolved_on IS NULL OR d.resolved_on > $as_of)
),

given AS (
    SELECT
        r.company_id,
        r.account_id,
        s.special,
        ROW_NUMBER() OVER (
            PARTITION BY r.company_id, r.account_id ORDER BY r.given_on DESC, r.source DESC
        ) AS place
    FROM (
        SELECT
            company_id,
            account_id,
            reason_code,
            given_on,
            'contact_log' AS source
        FROM spoken
        WHERE place = 1
        UNION ALL
        SELECT
            company_id,
            account_id,
            reason_code,
            given_on,
            'dispute' AS source
        FROM disputed
        WHERE place = 1
    ) AS r
    INNER JOIN policy.special_reason AS s ON r.reason_code = s.reason_code
),

task_case AS (
    SELECT
        n.task_id,
        n.company_id,
        n.account_id,
        n.kind,
        s.stage,
        s.segment,
        s.arrears_nature AS nature,
        COALESCE(a.orientation, 'collection_led') AS orientation,
        CASE WHEN n.kind = 'resolve_dispute' THEN x.special ELSE g.special END AS special
    FROM task_candidate AS n
    INNER JOIN account_status AS s ON n.company_id = s.company_id AND n.account_id = s.account_id
    INNER JOIN ledger.account AS a ON n.company_id = a.company_id AND n.account_id = a.account_id
    LEFT JOIN given AS g ON n.company_id = g.company_id AND n.account_id = g.account_id AND g.place = 1
    LEFT JOIN disputed AS d
        ON
            n.company_id = d.company_id
            AND n.account_id = d.account_id
            AND n.subject_id = d.dispute_id
    LEFT JOIN policy.special_reason AS x ON d.reason_code = x.reason_code
),

chosen AS (
    SELECT
        c.task_id,
        c.company_id,
        c.account_id,
        c.special,
        MIN(r.place) AS place
    FROM task_case AS c
    INNER JOIN policy.script_rule AS r
        ON
            c.kind = r.kind
            AND (r.stage IS NULL OR c.stage = r.stage)
            AND (r.orientation IS NULL OR c.orientation = r.orientation)
            AND (r.nature IS NULL OR c.nature = r.nature)
            AND (r.segment IS NULL OR c.segment = r.segment)
            AND (r.special IS NULL OR c.special = r.special)
    GROUP BY c.task_id, c.company_id, c.account_id, c.special
)

SELECT
    c.task_id,
    c.company_id,
    c.account_id,
    r.script_id,
    c.place,
    c.special
FROM chosen AS c
INNER JOIN policy.script_rule AS r ON c.place = r.place
