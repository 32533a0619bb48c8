-- Every due date and what becomes of it. One row per document and instalment, keyed by (d, seq).
-- Money in cents: credit_cents is credited (documents with one due date only); of the rest, dispute_cents waits for the
-- dispute; then pay_cents on pay_on, rest_cents on rest_on, late_cents on late_on, off_cents written off on off_on.
-- A day that is empty never comes. Nothing here knows the last day: facts after it are cut off when they are written.
WITH split AS (
    SELECT
        bill.d,
        bill.n,
        bill.kind,
        bill.currency,
        bill.issued_on,
        bill.is_scripted,
        script.pay_after,
        script.pay_share,
        script.rest_after,
        bill.plan,
        script.dispute_share,
        script.dispute_after,
        script.resolve_after,
        plan.seq,
        plan.is_retention,
        ITEM_KEY(bill.d, plan.seq) AS i,
        bill.due_on + plan.days_later AS due_on,
        bill.cents * plan.share_through // 10000 - bill.cents * plan.share_before // 10000 AS cents,
        customer.company_id,
        customer.behaviour,
        customer.rhythm,
        customer.weekday,
        customer.monthday,
        bill.plan = 'single' AND bill.kind = 'invoice' AND NOT bill.is_scripted AS is_plain,
        U(bill.d, 'trouble') AS r_trouble
    FROM bill
    INNER JOIN plan ON bill.plan = plan.plan
    INNER JOIN customer ON bill.n = customer.n
    LEFT JOIN script ON bill.n = script.n AND SLOT_OF(bill.d) = script.slot
),

troubled AS (
    SELECT
        *,
        CASE
            WHEN is_scripted THEN dispute_share
            WHEN is_plain AND r_trouble < 0.008 THEN 1.0
            WHEN is_plain AND r_trouble < 0.022 THEN 0.1 + 0.05 * WHOLE(0, 10, U(d, 'dispute share'))
        END AS disputed_share,
        CASE
            WHEN is_plain AND r_trouble BETWEEN 0.022 AND 0.046
                THEN CAST(cents * 0.01 * WHOLE(3, 15, U(d, 'credit')) AS BIGINT)
            -- Cancelled: credited in full.
            WHEN is_plain AND r_trouble BETWEEN 0.046 AND 0.049 THEN cents
            ELSE 0
        END AS credit_cents
    FROM split
),

dated AS (
    SELECT
        *,
        CASE WHEN credit_cents > 0 THEN WORKDAY(issued_on + WHOLE(4, 25, U(d, 'credit day'))) END AS credit_on,
        -- One credit note in five waits until somebody applies it.
        IF(U(d, 'clear') < 0.8, 0, WHOLE(20, 55, U(d, 'clear day'))) AS clear_days,
        CASE
            WHEN disputed_share IS NULL THEN NULL
            WHEN is_scripted THEN WORKDAY(issued_on + dispute_after)
            ELSE WORKDAY(GREATEST(issued_on + 3, due_on + WHOLE(-10, 12, U(d, 'dispute day'))))
        END AS dispute_on,
        CASE
            WHEN disputed_share IS NULL THEN NULL
            WHEN is_scripted THEN resolve_after
            WHEN U(d, 'resolve') < 0.86 THEN WHOLE(15, 110, U(d, 'resolve days'))
            WHEN U(d, 'resolve') < 0.95 THEN WHOLE(110, 320, U(d, 'resolve days'))
        END AS resolve_days,
        -- Days between the due date and the decision to pay.
        CASE
            WHEN is_scripted THEN pay_after
            WHEN behaviour = 'budget' THEN 0
            WHEN behaviour = 'prompt' THEN WHOLE(-4, 2, U(i, 'late'))
            WHEN behaviour = 'late' THEN WHOLE(1, 22, U(i, 'late'))
            WHEN behaviour = 'drags' THEN WHOLE(25, 105, U(i, 'late'))
            WHEN behaviour = 'erratic' AND U(i, 'mood') < 0.5 THEN WHOLE(-2, 6, U(i, 'late'))
            WHEN behaviour = 'erratic' THEN WHOLE(15, 130, U(i, 'late'))
            WHEN U(i, 'mood') < 0.18 THEN WHOLE(90, 200, U(i, 'late'))
        END + IF(is_retention AND NOT is_scripted, WHOLE(0, 30, U(i, 'retention')), 0) AS late_days,
        CASE
            WHEN is_scripted THEN COALESCE(pay_share, 1.0)
            WHEN
                U(i, 'part')
                < CASE behaviour WHEN 'erratic' THEN 0.3 WHEN 'drags' THEN 0.12 WHEN 'late' THEN 0.03 ELSE 0 END
                THEN 0.1 * WHOLE(3, 7, U(i, 'share'))
            ELSE 1.0
        END AS first_share,
        IF(is_scripted, rest_after, WHOLE(18, 65, U(i, 'rest'))) AS rest_days
    FROM troubled
),

willing AS (
    SELECT
        *,
        due_on + late_days AS willing_on
    FROM dated
),

paid AS (
    SELECT
        *,
        dispute_on + resolve_days AS resolved_on,
        cents - credit_cents AS payable_cents,
        CASE
            WHEN disputed_share IS NULL THEN 0
            WHEN disputed_share = 1 THEN cents
            ELSE CAST(cents * disputed_share AS BIGINT)
        END AS dispute_cents,
        -- greatest() passes over what is empty: without the first line "never" would become "at once".
        CASE
            WHEN late_days IS NULL THEN NULL
            WHEN behaviour = 'budget' THEN GREATEST(BUDGET_DAY(willing_on, company_id), WORKDAY(issued_on + 1))
            ELSE GREATEST(PAY_DAY(willing_on, rhythm, weekday, monthday), WORKDAY(issued_on + 1))
        END AS pay_on
    FROM willing
),

shared AS (
    SELECT
        *,
        -- A bank on the way keeps its fee, which is written off some weeks later.
        CASE
            WHEN
                currency = 'USD' AND seq = 1 AND payable_cents - dispute_cents > 200000 AND NOT is_scripted
                AND first_share = 1 AND U(i, 'fee') < 0.05
                THEN WHOLE(1500, 4500, U(i, 'fee cents'))
            ELSE 0
        END AS fee_cents,
        CASE
            WHEN first_share = 1 THEN payable_cents - dispute_cents
            ELSE CAST((payable_cents - dispute_cents) * first_share AS BIGINT)
        END AS first_cents
    FROM paid
)

SELECT
    d,
    CAST(seq AS TINYINT) AS seq,
    n,
    kind,
    currency,
    plan,
    issued_on,
    due_on,
    cents,
    is_retention,
    is_scripted,
    late_days,
    dispute_cents,
    CAST(dispute_on AS DATE) AS dispute_on,
    CAST(resolved_on AS DATE) AS resolved_on,
    credit_cents,
    CAST(credit_on AS DATE) AS credit_on,
    CAST(WORKDAY(credit_on + clear_days) AS DATE) AS cleared_on,
    first_cents - fee_cents AS pay_cents,
    CAST(pay_on AS DATE) AS pay_on,
    payable_cents - dispute_cents - first_cents AS rest_cents,
    CASE
        WHEN payable_cents - dispute_cents > first_cents
            THEN CAST(PAY_DAY(pay_on + rest_days, rhythm, weekday, monthday) AS DATE)
    END AS rest_on,
    dispute_cents AS late_cents,
    CAST(
        CASE
            WHEN resolved_on IS NOT NULL AND pay_on IS NOT NULL
                THEN PAY_DAY(GREATEST(resolved_on, pay_on) + 7, rhythm, weekday, monthday)
        END AS DATE
    ) AS late_on,
    CASE
        WHEN fee_cents > 0 THEN fee_cents
        -- What is never paid is written off in the second year, two times in five; a departed customer's part sooner.
        WHEN pay_on IS NULL AND NOT is_scripted AND U(i, 'off') < 0.4 THEN payable_cents
        WHEN n = 17 AND rest_days IS NULL THEN payable_cents - dispute_cents - first_cents
        ELSE 0
    END AS off_cents,
    CAST(
        CASE
            WHEN fee_cents > 0 THEN WORKDAY(pay_on + WHOLE(30, 60, U(i, 'off day')))
            WHEN pay_on IS NULL THEN WORKDAY(due_on + WHOLE(380, 520, U(i, 'off day')))
            ELSE WORKDAY(pay_on + 240)
        END AS DATE
    ) AS off_on
FROM shared
