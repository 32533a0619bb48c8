-- Receipts: what a customer paid in one currency on one day, and deposits. One row per (n, currency, paid_on, tail).
-- One receipt in two hundred brings a little too much.
WITH paid AS (
    SELECT
        n,
        currency,
        paid_on,
        'P' AS tail,
        CAST(SUM(cents) AS BIGINT) AS cents
    FROM payment
    GROUP BY n, currency, paid_on
    UNION ALL
    SELECT
        n,
        currency,
        on_date AS paid_on,
        'D' AS tail,
        cents
    FROM advance
    WHERE what = 'deposit'
)

SELECT
    n,
    currency,
    paid_on,
    tail,
    cents + IF(
        U(PAY_KEY(n, paid_on), 'over') < 0.005 AND n > 18,
        WHOLE(100, 20000, U(PAY_KEY(n, paid_on), 'over cents')),
        0
    ) AS cents
FROM paid
