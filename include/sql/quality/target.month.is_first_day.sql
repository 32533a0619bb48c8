-- severity: warning
-- stage: 0
-- en: The month of a target is given by its first day.
-- zh: 月份以当月第一天表示（target）。
-- remedy: Deliver the first day of the month; until then the row counts in no month.
SELECT
    t.file_row_number,
    day(t.month) = 1 AS is_ok
FROM counted.target AS t
