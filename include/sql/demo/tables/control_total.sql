-- What the general ledger says, for each of the last sixty days and every month's end. One row per company, day and
-- currency.
-- Counted from the facts themselves, once each: neither a row handed over twice nor one without a due date changes the
-- books.
WITH movement AS (
    SELECT
        n,
        currency,
        issued_on AS on_date,
        cents
    FROM bill
    WHERE d IN (SELECT kept.d FROM kept)
    UNION ALL
    SELECT
        n,
        currency,
        credit_on AS on_date,
        -credit_cents AS cents
    FROM item
    WHERE credit_cents > 0 AND d IN (SELECT kept.d FROM kept)
    UNION ALL
    SELECT
        n,
        currency,
        on_date,
        -cents AS cents
    FROM advance
    WHERE what = 'rebate'
    UNION ALL
    SELECT
        n,
        currency,
        off_on AS on_date,
        -off_cents AS cents
    FROM item
    WHERE off_cents > 0 AND d IN (SELECT kept.d FROM kept)
    UNION ALL
    SELECT
        n,
        currency,
        paid_on AS on_date,
        -cents AS cents
    FROM received
),

daily AS (
    SELECT
        customer.company_id,
        movement.currency,
        movement.on_date,
        CAST(SUM(movement.cents) AS BIGINT) * 0.01 AS amount
    FROM movement
    INNER JOIN customer ON movement.n = customer.n
    WHERE movement.on_date <= GETVARIABLE('through')
    GROUP BY customer.company_id, movement.currency, movement.on_date
),

day AS (
    SELECT CAST(GETVARIABLE('start') + CAST(i AS INTEGER) AS DATE) AS as_of
    FROM (SELECT UNNEST(RANGE(0, GETVARIABLE('through') - GETVARIABLE('start') + 1)) AS i) AS counted
),

pair AS (
    SELECT DISTINCT
        company_id,
        currency
    FROM daily
),

-- What is dated before the first day counts on it.
moved AS (
    SELECT
        company_id,
        currency,
        GREATEST(on_date, GETVARIABLE('start')) AS on_date,
        SUM(amount) AS amount
    FROM daily
    GROUP BY ALL
),

running AS (
    SELECT
        pair.company_id,
        pair.currency,
        day.as_of,
        SUM(COALESCE(moved.amount, 0)) OVER (
            PARTITION BY pair.company_id, pair.currency
            ORDER BY day.as_of
        ) AS balance
    FROM pair
    CROSS JOIN day
    LEFT JOIN moved
        ON
            pair.company_id = moved.company_id
            AND pair.currency = moved.currency
            AND day.as_of = moved.on_date
)

SELECT
    company_id,
    as_of,
    currency,
    CAST(balance AS DECIMAL(18, 4)) AS balance
FROM running
WHERE as_of > GETVARIABLE('through') - 60 OR as_of = LAST_DAY(as_of)
