-- Everything invoiced through the last day. One row per document that raises what is owed, keyed by d.
-- d = (n * 1000 + month number) * 1000 + slot: slots from 501 are scripted, 900 is the opening balance, 95x are
-- oddities.
-- Issue days crowd at month's end.
WITH busy AS (
    SELECT
        customer.n,
        month.month_on,
        month.month_no,
        month.month_end,
        UNNEST(RANGE(
            1,
            1 + CAST(FLOOR(
                customer.rate * SEASON(customer.company_id, month.month_on)
                + U(customer.n * 1000 + month.month_no, 'count')
            ) AS INTEGER)
        )) AS k
    FROM customer
    CROSS JOIN calendar_month AS month
),

drawn AS (
    SELECT
        busy.n,
        (busy.n * 1000 + busy.month_no) * 1000 + busy.k AS d,
        busy.month_on,
        busy.month_end,
        U((busy.n * 1000 + busy.month_no) * 1000 + busy.k, 'plan') AS r_plan,
        U((busy.n * 1000 + busy.month_no) * 1000 + busy.k, 'debit') AS r_debit
    FROM busy
),

ordinary AS (
    SELECT
        drawn.d,
        drawn.n,
        IF(r_debit < 0.012, 'debit_note', 'invoice') AS kind,
        CAST(
            WORKDAY_BEFORE(
                IF(
                    U(d, 'crowd') < 0.45,
                    month_end - WHOLE(0, 3, U(d, 'day')),
                    month_on + WHOLE(0, 27, U(d, 'day'))
                )
            ) AS DATE
        ) AS issued_on,
        IF(
            U(n, 'two') < 0.06 AND U(d, 'two') < 0.3,
            IF(customer.currency = 'USD', IF(customer.company_id = 'HD', 'CNY', 'GBP'), 'USD'),
            customer.currency
        ) AS currency,
        CAST(GREATEST(6000, customer.ticket_cents * EXP(0.6 * Z(d, 'amount'))) AS BIGINT) AS cents,
        customer.terms,
        CASE
            WHEN r_debit < 0.012 THEN 'single'
            WHEN r_plan < 0.62 THEN 'single'
            WHEN r_plan < 0.70 THEN 'halves'
            WHEN r_plan < 0.77 THEN 'monthly3'
            WHEN r_plan < 0.84 THEN 'monthly5'
            WHEN r_plan < 0.89 THEN 'monthly6'
            WHEN r_plan < 0.95 THEN 'milestone'
            ELSE 'project'
        END AS plan
    FROM drawn
    INNER JOIN customer USING (n)
),

scripted AS (
    SELECT
        (script.n * 1000 + month.month_no) * 1000 + script.slot AS d,
        script.n,
        script.kind,
        CAST(WORKDAY(month.month_on + script.day - 1) AS DATE) AS issued_on,
        script.currency,
        CAST(
            script.cents * (0.9 + 0.2 * U(script.n * 1000 + month.month_no, 'script' || script.slot)) AS BIGINT
        ) AS cents,
        script.terms,
        script.plan
    FROM script
    INNER JOIN calendar_month AS month
        ON
            (month.month_no + script.phase) % script.every = 0
            AND month.month_index BETWEEN script.first_index AND script.last_index
),

-- What was already outside when the history begins.
opening AS (
    SELECT
        (n * 1000 + MONTH_NUMBER(GETVARIABLE('start'))) * 1000 + 900 AS d,
        n,
        GETVARIABLE('start') + WHOLE(0, 45, U(n, 'opening due')) AS due_on,
        currency,
        CAST(1.5 * ticket_cents * (0.5 + U(n, 'opening amount')) AS BIGINT) AS cents,
        terms
    FROM customer
    WHERE U(n, 'opening') < 0.22 AND NOT is_character
),

-- All small and never paid: 951 loses its due date when it is handed over, 952 falls due before it is issued, 953 is
-- handed over twice.
oddity (n, slot, days, cents, day) AS (
    VALUES (14, 951, 30, 48650, 8), (2, 952, -5, 312000, 10), (6, 953, 45, 465800, 14)
),

odd AS (
    SELECT
        (fault.n * 1000 + MONTH_NUMBER(fault.issued_on)) * 1000 + fault.slot AS d,
        fault.n,
        fault.issued_on,
        fault.issued_on + fault.days AS due_on,
        customer.currency,
        fault.cents,
        customer.terms
    FROM (
        SELECT
            *,
            CAST(
                GETVARIABLE('start') + TO_MONTHS(LEAST(22, GETVARIABLE('months') - 1)) + TO_DAYS(day) AS DATE
            ) AS issued_on
        FROM oddity
    ) AS fault
    INNER JOIN customer USING (n)
    WHERE GETVARIABLE('faults')
),

every_bill AS (
    SELECT
        *,
        NULL AS due_on,
        FALSE AS is_scripted
    FROM ordinary
    UNION ALL BY NAME
    SELECT
        *,
        TRUE AS is_scripted
    FROM scripted
    UNION ALL BY NAME
    SELECT
        *,
        'opening_balance' AS kind,
        GETVARIABLE('start') AS issued_on,
        'single' AS plan,
        FALSE AS is_scripted
    FROM opening
    UNION ALL BY NAME
    SELECT
        *,
        'invoice' AS kind,
        'single' AS plan,
        TRUE AS is_scripted
    FROM odd
)

SELECT
    every_bill.d,
    CAST(every_bill.n AS INTEGER) AS n,
    CAST(every_bill.kind AS KIND_WORD) AS kind,
    every_bill.issued_on,
    CAST(every_bill.currency AS CURRENCY_WORD) AS currency,
    every_bill.cents,
    CAST(every_bill.plan AS PLAN_WORD) AS plan,
    every_bill.is_scripted,
    COALESCE(
        every_bill.due_on,
        CASE
            WHEN customer.is_month_end THEN LAST_DAY(every_bill.issued_on) + every_bill.terms
            ELSE every_bill.issued_on + every_bill.terms
        END
    ) AS due_on
FROM every_bill
INNER JOIN customer USING (n)
-- Only the last month can hold later days: for all others the day need not be worked out twice.
WHERE
    MONTH_OF(every_bill.d) < MONTH_NUMBER(GETVARIABLE('through'))
    OR every_bill.issued_on <= GETVARIABLE('through')
