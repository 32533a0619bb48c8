-- Everything invoiced through the last day. One row per document that raises what is owed, keyed by d.
-- d = (n * 1000 + month number) * 1000 + slot; slots from 501 are scripted, 900 is the opening balance, 95x are oddities.
-- Issue days crowd at month's end.
WITH calendar AS (
    SELECT
        i AS month_index,
        CAST(getvariable('start') + to_months(CAST(i AS INTEGER)) AS DATE) AS month_on
    FROM range(0, getvariable('months') + 1) AS t (i)
),

month AS (
    SELECT
        *,
        month_number(month_on) AS month_no,
        last_day(month_on) AS month_end
    FROM calendar
),

busy AS (
    SELECT
        customer.n,
        month.month_on,
        month.month_no,
        month.month_end,
        unnest(range(
            1,
            1 + CAST(floor(
                customer.rate * season(customer.company_id, month.month_on) + u(customer.n * 1000 + month.month_no, 'count')
            ) AS INTEGER)
        )) AS k
    FROM customer
    CROSS JOIN month
),

drawn AS (
    SELECT
        busy.n,
        (busy.n * 1000 + busy.month_no) * 1000 + busy.k AS d,
        busy.month_on,
        busy.month_end,
        u((busy.n * 1000 + busy.month_no) * 1000 + busy.k, 'plan') AS r_plan,
        u((busy.n * 1000 + busy.month_no) * 1000 + busy.k, 'debit') AS r_debit
    FROM busy
),

ordinary AS (
    SELECT
        drawn.d,
        drawn.n,
        if(r_debit < 0.012, 'debit_note', 'invoice') AS kind,
        CAST(
            workday_before(
                if(
                    u(d, 'crowd') < 0.45,
                    month_end - whole(0, 3, u(d, 'day')),
                    month_on + whole(0, 27, u(d, 'day'))
                )
            ) AS DATE
        ) AS issued_on,
        if(
            u(n, 'two') < 0.06 AND u(d, 'two') < 0.3,
            if(customer.currency = 'USD', if(customer.company_id = 'HD', 'CNY', 'GBP'), 'USD'),
            customer.currency
        ) AS currency,
        CAST(greatest(6000, customer.ticket_cents * exp(0.6 * z(d, 'amount'))) AS BIGINT) AS cents,
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
        CAST(workday(month.month_on + script.day - 1) AS DATE) AS issued_on,
        script.currency,
        CAST(
            script.cents * (0.9 + 0.2 * u(script.n * 1000 + month.month_no, 'script' || script.slot)) AS BIGINT
        ) AS cents,
        script.terms,
        script.plan
    FROM script
    INNER JOIN month
        ON
            (month.month_no + script.phase) % script.every = 0
            AND month.month_index BETWEEN script.first_index AND script.last_index
),

-- What was already outside when the history begins.
opening AS (
    SELECT
        (n * 1000 + month_number(getvariable('start'))) * 1000 + 900 AS d,
        n,
        getvariable('start') + whole(0, 45, u(n, 'opening due')) AS due_on,
        currency,
        CAST(1.5 * ticket_cents * (0.5 + u(n, 'opening amount')) AS BIGINT) AS cents,
        terms
    FROM customer
    WHERE u(n, 'opening') < 0.22 AND NOT is_character
),

-- The oddities, all small and never paid: 951 loses its due date when it is handed over, 952 falls due before it is issued,
-- 953 is handed over twice.
odd AS (
    SELECT
        (fault.n * 1000 + month_number(fault.issued_on)) * 1000 + fault.k AS d,
        fault.n,
        fault.issued_on,
        fault.issued_on + fault.days AS due_on,
        customer.currency,
        fault.cents,
        customer.terms
    FROM (
        SELECT
            n,
            k,
            days,
            cents,
            CAST(getvariable('start') + to_months(least(22, getvariable('months') - 1)) + to_days(day) AS DATE) AS issued_on
        FROM (
            VALUES (14, 951, 30, 48650, 8), (2, 952, -5, 312000, 10), (6, 953, 45, 465800, 14)
        ) AS f (n, k, days, cents, day)
    ) AS fault
    INNER JOIN customer USING (n)
    WHERE getvariable('faults')
),

every_bill AS (
    SELECT
        *,
        NULL AS due_on,
        false AS is_scripted
    FROM ordinary
    UNION ALL BY NAME
    SELECT
        *,
        true AS is_scripted
    FROM scripted
    UNION ALL BY NAME
    SELECT
        *,
        'opening_balance' AS kind,
        getvariable('start') AS issued_on,
        'single' AS plan,
        false AS is_scripted
    FROM opening
    UNION ALL BY NAME
    SELECT
        *,
        'invoice' AS kind,
        'single' AS plan,
        true AS is_scripted
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
    coalesce(
        every_bill.due_on,
        CASE
            WHEN customer.is_month_end THEN last_day(every_bill.issued_on) + every_bill.terms
            ELSE every_bill.issued_on + every_bill.terms
        END
    ) AS due_on
FROM every_bill
INNER JOIN customer USING (n)
-- Only the last month can hold later days: for all others the day need not be worked out twice.
WHERE
    month_of(every_bill.d) < month_number(getvariable('through'))
    OR every_bill.issued_on <= getvariable('through')
