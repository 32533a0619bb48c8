-- One row per company, currency and week: what usually comes in during that week of invoices that were not yet issued
-- when the forecast was made: the mean over the month ends that the payment curve is learnt from, of a company from its
-- first sale on. The day after each stands for the day of the forecast, so that weeks break at the same place.
-- materialise: table
WITH counted AS (
    SELECT
        f.company_id,
        n.closed_on
    FROM (
        SELECT
            company_id,
            MIN(on_date) AS first_on
        FROM part_flow
        WHERE sales > 0
        GROUP BY company_id
    ) AS f
    INNER JOIN learnt_close AS n ON f.first_on <= n.closed_on
),

count_of AS (
    SELECT
        company_id,
        COUNT(*) AS closes
    FROM counted
    GROUP BY company_id
),

today AS (
    SELECT DATE_DIFF('day', monday, $business_date) AS weekday
    FROM policy.forecast_parameter
),

paid AS (
    SELECT
        s.company_id,
        s.currency,
        FLOOR((t.weekday + DATE_DIFF('day', n.closed_on, s.settled_on) - 1) / 7) + 1 AS place,
        SUM(s.amount) AS amount
    FROM receipt_line AS s
    INNER JOIN counted AS n ON s.company_id = n.company_id AND s.issued_on > n.closed_on
    CROSS JOIN today AS t
    GROUP BY s.company_id, s.currency, FLOOR((t.weekday + DATE_DIFF('day', n.closed_on, s.settled_on) - 1) / 7) + 1
)

SELECT
    p.company_id,
    p.currency,
    w.place,
    CAST(CAST(p.amount AS DOUBLE) / c.closes AS DECIMAL(28, 8)) AS expected
FROM paid AS p
INNER JOIN count_of AS c ON p.company_id = c.company_id
INNER JOIN policy.forecast_week AS w ON p.place = w.place
