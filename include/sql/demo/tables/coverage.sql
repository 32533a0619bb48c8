-- Holidays: every rep but the departed one is away for a week in each quarter, and the neighbour stands in.
WITH quarter AS (
    SELECT CAST(getvariable('start') + to_months(CAST(i AS INTEGER)) AS DATE) AS month_on
    FROM range(0, getvariable('months') + 1) AS t (i)
    WHERE (month_number(getvariable('start')) + i) % 3 = 1
),

away AS (
    SELECT
        staff.company_id,
        staff.rep_id,
        staff.rep_no,
        CAST(workday(month_on + whole(0, 20, u(staff.rep_id || month_on, 'away'))) AS DATE) AS from_on
    FROM staff
    CROSS JOIN quarter
    WHERE staff.role = 'rep' AND staff.is_active AND u(staff.rep_id || month_on, 'goes') < 0.7
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
