-- The documents that are handed over. One row per d. history = 'open' leaves out what was settled a year before the last day,
-- with everything that settled it; characters keep their whole story.
SELECT d
FROM item
GROUP BY d
HAVING
    getvariable('history') = 'full'
    OR bool_or(is_scripted)
    OR max(
        greatest(
            if(pay_cents > 0, coalesce(pay_on, DATE '9999-12-31'), issued_on),
            if(rest_cents > 0 AND off_cents <> rest_cents, coalesce(rest_on, DATE '9999-12-31'), issued_on),
            if(late_cents > 0, coalesce(late_on, DATE '9999-12-31'), issued_on),
            if(off_cents > 0, off_on, issued_on),
            coalesce(cleared_on, issued_on)
        )
    ) > CAST(getvariable('through') - to_months(12) AS DATE)
