-- One row per customer, currency and day of payment, and one per deposit. One receipt in two hundred is a little too much.
WITH paid AS (
    SELECT
        n,
        currency,
        paid_on,
        'P' AS tail,
        sum(cents) AS cents
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
),

keyed AS (
    SELECT
        *,
        n * 100000 + (paid_on - DATE '2000-01-01') AS r
    FROM paid
)

SELECT
    customer.company_id,
    receipt_id(customer.account_id, paid_on, keyed.currency, tail) AS receipt_id,
    customer.account_id,
    keyed.paid_on AS received_on,
    keyed.currency,
    money(
        CAST(cents AS BIGINT)
        + if(u(r, 'over') < 0.005 AND NOT customer.is_character, whole(100, 20000, u(r, 'over cents')), 0)
    ) AS amount,
    CASE
        WHEN u(r, 'method') < 0.75 THEN 'bank_transfer'
        WHEN customer.company_id = 'HD' AND u(r, 'method') < 0.93 THEN 'bill'
        WHEN u(r, 'method') < 0.965 THEN 'third_party'
        WHEN u(r, 'method') < 0.98 THEN 'cash'
        WHEN u(r, 'method') < 0.995 THEN 'other'
    END AS method
FROM keyed
INNER JOIN customer ON keyed.n = customer.n
