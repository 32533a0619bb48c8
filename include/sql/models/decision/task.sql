-- One row per task, ranked within its reader's list; a task that was there yesterday keeps its first day.
-- materialise: table
WITH total AS (
    SELECT
        task_id,
        SUM(points) AS points
    FROM task_point
    GROUP BY task_id
)

SELECT
    n.task_id,
    n.rep_id,
    n.company_id,
    n.account_id,
    n.kind,
    t.points,
    ROW_NUMBER() OVER (
        PARTITION BY n.rep_id
        ORDER BY t.points DESC, n.ask_functional DESC NULLS LAST, n.company_id ASC, n.account_id ASC, n.task_id ASC
    ) AS rank,
    NULL AS script_id,
    n.ask_amount,
    n.currency,
    CAST(DATE_ADD($business_date, n.due_in_days * INTERVAL 1 DAY) AS DATE) AS due_on,
    COALESCE(y.first_listed_on, $business_date) AS first_listed_on,
    NULLIF(n.subject_id, '') AS subject_id
FROM task_candidate AS n
INNER JOIN total AS t ON n.task_id = t.task_id
LEFT JOIN previous.task AS y ON n.task_id = y.task_id
