-- One row per task, ranked within its reader's list; a task that was there before keeps its first day.
-- A day holds as many tasks as its reader can do. A share of them, first, is for accounts that nobody has spoken to for
-- too long, those whom nobody has tried for longest first (D5: mid-sized ones are not forgotten); what does not fit
-- waits, and gains points by waiting. A kind that waits for the best day is planned when that has come. The day by
-- which a task is due stays where it is; when it has passed, it is today.
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
        n.task_id,
        n.rep_id,
        n.company_id,
        n.account_id,
        n.ask_functional,
        n.days_untouched,
        n.days_untried,
        n.is_floor,
        t.points,
        d.act_on,
        d.visit_on,
        d.pay_on,
        NOT n.waits_for_best_day OR d.act_on IS NULL OR d.act_on <= $business_date AS is_ready,
        COALESCE(r.daily_capacity, p.default_tasks) AS capacity,
        CAST(CEIL(COALESCE(r.daily_capacity, p.default_tasks) * p.floor_share_pct / 100.0) AS INTEGER) AS reserve
    FROM task_candidate AS n
    INNER JOIN total AS t ON n.task_id = t.task_id
    CROSS JOIN policy.task_parameter AS p
    LEFT JOIN ledger.rep AS r ON n.rep_id = r.rep_id
    LEFT JOIN best_day AS d ON n.company_id = d.company_id AND n.account_id = d.account_id
),

floored AS (
    SELECT
        *,
        is_ready AND is_floor AND ROW_NUMBER() OVER (
            PARTITION BY rep_id, is_ready, is_floor
            ORDER BY days_untried DESC NULLS LAST, days_untouched DESC NULLS LAST, points DESC, task_id ASC
        ) <= reserve AS is_reserved
    FROM listed
),

placed AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY rep_id
            ORDER BY
                is_reserved DESC,
                is_ready DESC,
                points DESC,
                ask_functional DESC NULLS LAST,
                company_id ASC,
                account_id ASC,
                task_id ASC
        ) AS place
    FROM floored
),

planned AS (
    SELECT
        *,
        rep_id IS NOT NULL AND is_ready AND place <= capacity AS is_planned
    FROM placed
),

ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY rep_id
            ORDER BY
                is_planned DESC,
                points DESC,
                ask_functional DESC NULLS LAST,
                company_id ASC,
                account_id ASC,
                task_id ASC
        ) AS rank
    FROM planned
)

SELECT
    n.task_id,
    n.rep_id,
    n.company_id,
    n.account_id,
    n.kind,
    x.points,
    x.rank,
    s.script_id,
    n.ask_amount,
    n.currency,
    GREATEST(
        COALESCE(
            n.deadline_on,
            CAST(
                DATE_ADD(COALESCE(y.first_listed_on, $business_date), n.due_in_days * INTERVAL 1 DAY) AS DATE
            )
        ),
        CASE
            WHEN NOT x.is_ready THEN x.act_on
            WHEN n.kind = 'visit' THEN COALESCE(x.visit_on, $business_date)
            ELSE $business_date
        END
    ) AS due_on,
    COALESCE(y.first_listed_on, $business_date) AS first_listed_on,
    NULLIF(n.subject_id, '') AS subject_id,
    CASE WHEN n.is_contact THEN CASE WHEN n.kind = 'visit' THEN x.visit_on ELSE x.act_on END END AS act_on,
    b.contact_id,
    x.is_planned,
    n.is_floor,
    x.pay_on,
    s.special
FROM ranked AS x
INNER JOIN task_candidate AS n ON x.task_id = n.task_id
LEFT JOIN task_script AS s ON n.task_id = s.task_id
LEFT JOIN task_before AS y ON n.task_id = y.task_id
LEFT JOIN best_contact AS b
    ON
        n.company_id = b.company_id
        AND n.account_id = b.account_id
        AND b.purpose = CASE
            WHEN n.kind IN ('resolve_dispute', 'collect_evidence') THEN 'acceptance'
            WHEN n.kind IN ('ask_commitment', 'close_gap', 'offer_plan', 'escalate') THEN 'commitment'
            ELSE 'payment'
        END
