-- One row per calendar, habit of paying, its value, and month: the workday on which it settles (31 in February is the
-- last day of February), and the workdays from and to which asking helps for it. On days after `after_on`, where the
-- month before ended, this month is the one to ask for.
-- materialise: table
WITH day AS (
    SELECT
        calendar,
        on_date,
        workday_no,
        next_workday,
        previous_workday,
        EXTRACT(DAY FROM on_date) AS day_of_month,
        LAST_DAY(on_date) = on_date AS is_month_end
    FROM policy.calendar_day
),

workday AS (
    SELECT
        calendar,
        on_date,
        workday_no
    FROM policy.calendar_day
    WHERE is_workday
),

fallen AS (
    SELECT
        d.calendar,
        d.on_date AS falls_on,
        v.*,
        CASE v.moves_to WHEN 'next' THEN d.next_workday ELSE d.previous_workday END AS moved_on
    FROM policy.habit_value AS v
    INNER JOIN day AS d
        ON v.day_of_month = d.day_of_month OR (d.is_month_end AND v.day_of_month > d.day_of_month)
)

SELECT
    f.calendar,
    f.habit,
    f.value,
    f.place,
    f.wait_days,
    f.falls_on,
    s.on_date AS settles_on,
    s.workday_no AS settles_no,
    b.on_date AS from_on,
    e.on_date AS to_on,
    LAG(e.on_date) OVER (PARTITION BY f.calendar, f.habit, f.value ORDER BY f.falls_on) AS after_on
FROM fallen AS f
INNER JOIN workday AS m ON f.calendar = m.calendar AND f.moved_on = m.on_date
INNER JOIN workday AS s ON f.calendar = s.calendar AND m.workday_no - f.workdays_earlier = s.workday_no
INNER JOIN workday AS b ON f.calendar = b.calendar AND s.workday_no - f.from_workdays = b.workday_no
INNER JOIN workday AS e ON f.calendar = e.calendar AND s.workday_no - f.to_workdays = e.workday_no
