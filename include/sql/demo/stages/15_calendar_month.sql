-- The months of the history, the last one unfinished. One row per month.
WITH month_of_history (month_index, month_on) AS (
    SELECT
        i,
        CAST(GETVARIABLE('start') + TO_MONTHS(CAST(i AS INTEGER)) AS DATE)
    FROM (SELECT UNNEST(RANGE(GETVARIABLE('months') + 1)) AS i) AS counted
)

SELECT
    month_index,
    month_on,
    MONTH_NUMBER(month_on) AS month_no,
    LAST_DAY(month_on) AS month_end
FROM month_of_history
