-- Money received, by what it was meant for. One row per (d, seq, no); payments of a customer in one currency on one day are
-- one receipt. Cut off at the last day. rest of a written-off part never comes.
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
    part.*,
    -- One receipt in twenty-five lies on account for some days before anybody applies it.
    if(u(pay_key(n, paid_on), 'on account') < 0.04,
        CAST(workday(paid_on + whole(2, 24, u(pay_key(n, paid_on), 'applied'))) AS DATE),
        paid_on) AS allocated_on
FROM part
WHERE
    cents > 0
    AND paid_on <= getvariable('through')
    AND d IN (SELECT kept.d FROM kept)
