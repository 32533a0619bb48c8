-- Holidays: every rep but the departed one is away for a week in each quarter, and the neighbour stands in.
WITH quarter AS (
    SELECT month_on
    FROM calendar_month
    WHERE month_no % 3 = 1
),

away AS (
    SELECT
        staff.company_id,
        staff.rep_id,
        staff.rep_no,
        CAST(WORKDAY(month_on + WHOLE(0, 20, U(staff.rep_id || month_on, 'away'))) AS DATE) AS from_on
    FROM staff
    CROSS JOIN quarter
    WHERE staff.role = 'rep' AND staff.is_active AND U(staff.rep_id || month_on, 'goes') < 0.7
)

SELECT
    away.rep_id,
    deputy.rep_id AS covered_by,
    away.from_on,
    away.from_on + 6 AS to_on
FROM away
INNER JOIN staff AS deputy
    ON
        away.company_id = deputy.company_id
        AND deputy.rep_no = CASE away.rep_no WHEN 1 THEN 2 WHEN 5 THEN 3 ELSE away.rep_no - 1 END
