-- One row per night and rep: tasks under each side, and those that only one of them lists. Empty rep: nobody's.
SELECT
    COALESCE(a.business_date, b.business_date) AS business_date,
    COALESCE(a.rep_id, b.rep_id, '') AS rep_id,
    COUNT(a.task_id) AS tasks_a,
    COUNT(b.task_id) AS tasks_b,
    COUNT(*) FILTER (WHERE b.task_id IS NULL) AS only_a,
    COUNT(*) FILTER (WHERE a.task_id IS NULL) AS only_b
FROM a.task AS a
FULL OUTER JOIN b.task AS b
    ON
        a.business_date = b.business_date
        AND a.task_id = b.task_id
        AND COALESCE(a.rep_id, '') = COALESCE(b.rep_id, '')
GROUP BY COALESCE(a.business_date, b.business_date), COALESCE(a.rep_id, b.rep_id, '')
