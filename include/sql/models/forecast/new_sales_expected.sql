-- One row per company, currency and week: what usually comes in during that week of invoices that were not yet issued
-- when the forecast was made: the mean over the month ends that the payment curve is learnt from. The
-- day after each stands for the day of the forecast, so that weeks break at the same place.
-- materialise: table
WITH learnt AS (
    SELECT c.closed_on
    FROM policy.close_day AS c
    CROSS JOIN policy.forecast_parameter AS p
    WHERE c.is_month_end AND c.closed_on <= p.learn_until
),

-- a company's month ends count from its first sale on
counted AS (
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
    INNER JOIN learnt AS n ON f.first_on <= n.closed_on
),

count_of AS (
    SELECT
        company_id,
        COUNT(*) AS closes
    FROM counted
    GROUP BY company_id
),

-- money that is not applied yet was paid all the same
line AS (
    SELECT
        company_id,
        currency,
        issued_on,
        settled_on,
        amount
    FROM settled_line
    WHERE source_kind = 'receipt'
    UNION ALL
    SELECT
        c.company_id,
        c.currency,
        d.issued_on,
        c.covered_on AS settled_on,
        c.amount
    FROM covered_line AS c
    INNER JOIN ledger.document AS d ON c.company_id = d.company_id AND c.document_id = d.document_id
    WHERE c.source_kind = 'receipt'
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
    FROM line AS s
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
