-- Receipts: what a customer paid in one currency on one day, and deposits. One row per (n, currency, paid_on, tail).
-- One receipt in two hundred brings a little too much.
WITH paid AS (
    SELECT
        n,
        currency,
        paid_on,
        'P' AS tail,
        CAST(sum(cents) AS BIGINT) AS cents
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
    cents + if(
        u(pay_key(n, paid_on), 'over') < 0.005 AND n > 18,
        whole(100, 20000, u(pay_key(n, paid_on), 'over cents')),
        0
    ) AS cents
FROM paid
