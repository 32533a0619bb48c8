-- Money received, by what it was meant for. One row per (d, seq, no); payments of a customer in one currency on one
-- day are one receipt. Cut off at the last day.
WITH part AS (
    SELECT
        n,
        currency,
        d,
        seq,
        1 AS no,
        pay_cents AS cents,
        pay_on AS paid_on
    FROM item
    UNION ALL
    SELECT
        n,
        currency,
        d,
        seq,
        2 AS no,
        rest_cents AS cents,
        rest_on AS paid_on
    FROM item
    WHERE rest_cents > 0
    UNION ALL
    SELECT
        n,
        currency,
        d,
        seq,
        3 AS no,
        late_cents AS cents,
        late_on AS paid_on
    FROM item
    WHERE late_cents > 0
)

SELECT
    part.n,
    part.currency,
    part.d,
    part.seq,
    part.no,
    part.cents,
    part.paid_on,
    -- One receipt in twenty-five lies on account for some days before anybody applies it.
    IF(
        U(PAY_KEY(part.n, part.paid_on), 'on account') < 0.04,
        CAST(WORKDAY(part.paid_on + WHOLE(2, 24, U(PAY_KEY(part.n, part.paid_on), 'applied'))) AS DATE),
        part.paid_on
    ) AS allocated_on
FROM part
INNER JOIN kept ON part.d = kept.d
WHERE part.cents > 0 AND part.paid_on <= GETVARIABLE('through')
