-- One row per task, ranked within its reader's list; a task that was there before keeps its first day.
-- A day holds as many tasks as its reader can do. A share of them, first, is for accounts that nobody has spoken to for
-- longest (D5: mid-sized ones are not forgotten); what does not fit waits, and gains points by waiting. A kind that
-- waits for the best day is planned when that has come.
-- materialise: table
WITH total AS (
    SELECT
        task_id,
        SUM(points) AS points
    FROM task_point
    GROUP BY task_id
),

listed AS (
    SELECT
        n.*,
        d.act_on,
        d.visit_on,
        b.contact_id,
        NOT n.waits_for_best_day OR d.act_on IS NULL OR d.act_on <= $business_date AS is_ready,
        t.points,
        s.script_id,
        y.first_listed_on AS listed_before_on,
        COALESCE(r.daily_capacity, p.default_tasks) AS capacity,
        CAST(CEIL(COALESCE(r.daily_capacity, p.default_tasks) * p.floor_share_pct / 100.0) AS INTEGER) AS reserve,
        ROW_NUMBER() OVER (
            PARTITION BY n.rep_id, n.is_floor
            ORDER BY n.days_untouched DESC NULLS LAST, t.points DESC, n.task_id ASC
        ) AS floor_place
    FROM task_candidate AS n
    INNER JOIN total AS t ON n.task_id = t.task_id
    LEFT JOIN task_script AS s ON n.task_id = s.task_id
    CROSS JOIN policy.task_parameter AS p
    LEFT JOIN ledger.rep AS r ON n.rep_id = r.rep_id
    LEFT JOIN best_day AS d ON n.company_id = d.company_id AND n.account_id = d.account_id
    LEFT JOIN best_contact AS b
        ON
            n.company_id = b.company_id
            AND n.account_id = b.account_id
            AND b.purpose = CASE
                WHEN n.kind IN ('resolve_dispute', 'collect_evidence') THEN 'acceptance'
                WHEN n.kind IN ('ask_commitment', 'close_gap', 'offer_plan', 'escalate') THEN 'commitment'
                ELSE 'payment'
            END
    LEFT JOIN previous.task AS y ON n.task_id = y.task_id
),

reserved AS (
    SELECT
        *,
        is_ready AND is_floor AND floor_place <= reserve AS is_reserved,
        ROW_NUMBER() OVER (
            PARTITION BY rep_id, is_ready, is_floor AND floor_place <= reserve
            ORDER BY points DESC, ask_functional DESC NULLS LAST, company_id ASC, account_id ASC, task_id ASC
        ) AS place,
        SUM(CASE WHEN is_ready AND is_floor AND floor_place <= reserve THEN 1 ELSE 0 END) OVER (PARTITION BY rep_id)
            AS reserved_tasks
    FROM listed
),

planned AS (
    SELECT
        *,
        rep_id IS NOT NULL AND is_ready AND (is_reserved OR place <= capacity - reserved_tasks) AS is_planned
    FROM reserved
)

SELECT
    task_id,
    rep_id,
    company_id,
    account_id,
    kind,
    points,
    ROW_NUMBER() OVER (
        PARTITION BY rep_id
        ORDER BY
            is_planned DESC, points DESC, ask_functional DESC NULLS LAST, company_id ASC, account_id ASC, task_id ASC
    ) AS rank,
    script_id,
    ask_amount,
    currency,
    GREATEST(
        CAST(DATE_ADD($business_date, due_in_days * INTERVAL 1 DAY) AS DATE),
        CASE WHEN is_ready THEN $business_date ELSE act_on END
    ) AS due_on,
    COALESCE(listed_before_on, $business_date) AS first_listed_on,
    NULLIF(subject_id, '') AS subject_id,
    CASE WHEN is_contact THEN CASE WHEN kind = 'visit' THEN visit_on ELSE act_on END END AS act_on,
    contact_id,
    is_planned,
    is_floor
FROM planned
