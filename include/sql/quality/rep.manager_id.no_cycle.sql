-- severity: warning
-- stage: 1
-- en: Nobody is, over any number of steps, the own manager.
-- zh: 上下级关系不得成环。
-- remedy: Correct manager_id; an escalation would go round in circles.
WITH RECURSIVE above AS (
    SELECT
        r.rep_id,
        r.manager_id
    FROM counted.rep AS r
    WHERE r.manager_id IS NOT NULL
    UNION
    SELECT
        a.rep_id,
        m.manager_id
    FROM above AS a
    INNER JOIN counted.rep AS m ON a.manager_id = m.rep_id
    WHERE m.manager_id IS NOT NULL
)

SELECT
    r.file_row_number,
    FALSE AS is_ok
FROM counted.rep AS r
INNER JOIN above AS a ON r.rep_id = a.rep_id AND r.rep_id = a.manager_id
