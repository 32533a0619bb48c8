-- Promises, made so that their end is known: kept, partly kept, broken or withdrawn. One row per (d, no); at most one
-- is open at a time. Ordinary ones are about documents paid more than three weeks late, or never.
WITH asked AS (
    SELECT
        item.d,
        item.seq,
        item.n,
        item.currency,
        item.issued_on,
        item.due_on,
        item.cents,
        item.credit_cents,
        item.pay_cents,
        item.pay_on,
        CASE
            WHEN is_scripted THEN script.promise
            WHEN U(d, 'promise') < 0.05 THEN 'withdrawn'
            WHEN pay_on IS NULL OR U(d, 'promise') < 0.40 THEN 'broken'
            WHEN rest_cents > 0 THEN 'partly'
            ELSE 'kept'
        END AS fate
    FROM item
    LEFT JOIN script ON item.n = script.n AND SLOT_OF(item.d) = script.slot
    WHERE
        d IN (SELECT kept.d FROM kept)
        AND item.kind <> 'opening_balance'
        AND IF(
            is_scripted,
            script.promise IS NOT NULL,
            dispute_cents = 0 AND credit_cents = 0 AND COALESCE(late_days, 99) > 21
            AND U(ITEM_KEY(d, seq), 'asked') < 0.4
        )
    QUALIFY ROW_NUMBER() OVER (PARTITION BY d ORDER BY seq) = 1
),

placed AS (
    SELECT
        *,
        CASE
            WHEN pay_on IS NULL OR pay_on - due_on < 22 THEN due_on + 30
            WHEN fate = 'broken' THEN pay_on - WHOLE(10, 18, U(d, 'early'))
            ELSE pay_on + WHOLE(0, 2, U(d, 'slack'))
        END AS promised_for
    FROM asked
),

first_promise AS (
    SELECT
        d,
        n,
        currency,
        1 AS no,
        fate,
        pay_on,
        CASE
            WHEN fate = 'partly' THEN cents - credit_cents
            WHEN fate = 'kept' THEN pay_cents
            ELSE GREATEST(pay_cents, 1)
        END AS promised_cents,
        CAST(WORKDAY(GREATEST(issued_on, promised_for - WHOLE(9, 20, U(d, 'ahead')))) AS DATE) AS made_on,
        CAST(promised_for AS DATE) AS promised_for
    FROM placed
),

second_promise AS (
    SELECT
        d,
        n,
        currency,
        2 AS no,
        'kept' AS fate,
        pay_on,
        promised_cents,
        CAST(WORKDAY(promised_for + 4) AS DATE) AS made_on,
        pay_on AS promised_for
    FROM first_promise
    WHERE fate = 'broken' AND pay_on > promised_for + 6 AND U(d, 'second') < 0.4
),

either_promise AS (
    SELECT * FROM first_promise
    UNION ALL
    SELECT * FROM second_promise
)

SELECT
    d,
    n,
    currency,
    no,
    promised_cents,
    made_on,
    promised_for,
    CASE WHEN fate = 'withdrawn' THEN made_on + 4 END AS withdrawn_on
FROM either_promise
WHERE made_on <= GETVARIABLE('through')
