-- The documents that are handed over. One row per d. history = 'open' leaves out what was settled a year before the
-- last day, with everything that settled it; characters keep their whole story.
SELECT d
FROM item
GROUP BY d
HAVING
    GETVARIABLE('history') = 'full'
    OR BOOL_OR(is_scripted)
    OR MAX(
        GREATEST(
            IF(pay_cents > 0, COALESCE(pay_on, DATE '9999-12-31'), issued_on),
            IF(rest_cents > 0 AND off_cents <> rest_cents, COALESCE(rest_on, DATE '9999-12-31'), issued_on),
            IF(late_cents > 0, COALESCE(late_on, DATE '9999-12-31'), issued_on),
            IF(off_cents > 0, off_on, issued_on),
            COALESCE(cleared_on, issued_on)
        )
    ) > CAST(GETVARIABLE('through') - TO_MONTHS(12) AS DATE)
