-- One row per account: the best day to ask on from the business date on (最佳日), why, and what would come of it.
-- `act_on` is a workday of the company's calendar, never before `do_not_contact_until`; null when that lies beyond the
-- calendar's window, or the company has no calendar. Of the days that habits of paying suggest the earliest counts, a
-- fixed payment day before the closing of books. `for_on` is the day that it is good for. `visit_on` keeps off the days
-- on which the customer closes its books. `pay_on` is the first day on which money can arrive when asked for on
-- `act_on`: it leaves on the customer's next payment day, else at once, and a transfer takes its workdays.
-- A value that no habit can have is a mistake in the ledger, and means that the habit is not known.
-- materialise: table
WITH based AS (
    SELECT
        a.company_id,
        a.account_id,
        c.calendar,
        k.value AS book_closing_day,
        f.value AS fixed_payment_day,
        t.value AS bank_transfer_days,
        a.do_not_contact_until,
        COALESCE(a.do_not_contact_until > $business_date, FALSE) AS is_held,
        n.on_date AS base_on
    FROM ledger.account AS a
    LEFT JOIN ledger.company AS c ON a.company_id = c.company_id
    LEFT JOIN policy.calendar_day AS h
        ON
            c.calendar = h.calendar
            AND h.on_date = GREATEST($business_date, COALESCE(a.do_not_contact_until, $business_date))
    LEFT JOIN policy.calendar_day AS n ON c.calendar = n.calendar AND h.next_workday = n.on_date
    LEFT JOIN policy.habit_value AS k ON k.habit = 'book_closing' AND a.book_closing_day = k.value
    LEFT JOIN policy.habit_value AS f ON f.habit = 'fixed_payment_day' AND a.fixed_payment_day = f.value
    LEFT JOIN policy.habit_value AS t ON t.habit = 'transfer_day' AND a.bank_transfer_days = t.value
),

habit AS (
    SELECT
        company_id,
        account_id,
        calendar,
        base_on,
        'fixed_payment_day' AS habit,
        fixed_payment_day AS value
    FROM based
    UNION ALL
    SELECT
        company_id,
        account_id,
        calendar,
        base_on,
        'book_closing' AS habit,
        book_closing_day AS value
    FROM based
    UNION ALL
    -- Who pays on a fixed day does not pay at the end of the month because somebody asks.
    SELECT
        company_id,
        account_id,
        calendar,
        base_on,
        'transfer_day' AS habit,
        bank_transfer_days AS value
    FROM based
    WHERE fixed_payment_day IS NULL
),

suggested AS (
    SELECT
        b.company_id,
        b.account_id,
        h.habit,
        h.settles_on,
        GREATEST(b.base_on, h.from_on) AS act_on,
        ROW_NUMBER() OVER (
            PARTITION BY b.company_id, b.account_id ORDER BY GREATEST(b.base_on, h.from_on) ASC, h.place ASC
        ) AS place
    FROM habit AS b
    INNER JOIN habit_day AS h
        ON
            b.calendar = h.calendar
            AND b.habit = h.habit
            AND b.value = h.value
            AND b.base_on <= h.to_on
            AND (h.after_on IS NULL OR b.base_on > h.after_on)
    WHERE DATE_DIFF('day', b.base_on, GREATEST(b.base_on, h.from_on)) <= h.wait_days
),

chosen AS (
    SELECT
        b.*,
        s.settles_on AS for_on,
        COALESCE(s.act_on, b.base_on) AS act_on,
        COALESCE('best_day.' || s.habit, CASE WHEN b.is_held THEN 'best_day.do_not_contact' ELSE 'best_day.workday' END)
            AS reason_id
    FROM based AS b
    LEFT JOIN suggested AS s ON b.company_id = s.company_id AND b.account_id = s.account_id AND s.place = 1
),

paid AS (
    SELECT
        c.*,
        CASE WHEN c.fixed_payment_day IS NULL THEN c.act_on ELSE p.settles_on END AS leaves_on,
        COALESCE(c.bank_transfer_days, b.default_transfer_workdays) AS transfer_workdays,
        b.closing_quiet_workdays
    FROM chosen AS c
    CROSS JOIN policy.best_day AS b
    LEFT JOIN habit_day AS p
        ON
            c.calendar = p.calendar
            AND p.habit = 'fixed_payment_day'
            AND c.fixed_payment_day = p.value
            AND c.act_on <= p.to_on
            AND (p.after_on IS NULL OR c.act_on > p.after_on)
),

closing AS (
    SELECT
        c.company_id,
        c.account_id,
        MAX(q.settles_no + c.closing_quiet_workdays) AS quiet_to_no
    FROM paid AS c
    INNER JOIN policy.calendar_day AS d ON c.calendar = d.calendar AND c.act_on = d.on_date
    INNER JOIN habit_day AS q
        ON
            c.calendar = q.calendar
            AND q.habit = 'book_closing'
            AND c.book_closing_day = q.value
            AND ABS(d.workday_no - q.settles_no) <= c.closing_quiet_workdays
    GROUP BY c.company_id, c.account_id
)

SELECT
    c.company_id,
    c.account_id,
    c.act_on,
    c.reason_id,
    c.for_on,
    COALESCE(v.on_date, c.act_on) AS visit_on,
    c.leaves_on,
    y.on_date AS pay_on,
    c.transfer_workdays,
    c.calendar,
    c.do_not_contact_until,
    c.book_closing_day,
    c.fixed_payment_day
FROM paid AS c
LEFT JOIN closing AS q ON c.company_id = q.company_id AND c.account_id = q.account_id
LEFT JOIN policy.calendar_day AS v
    ON c.calendar = v.calendar AND v.is_workday AND q.quiet_to_no + 1 = v.workday_no
LEFT JOIN policy.calendar_day AS l ON c.calendar = l.calendar AND c.leaves_on = l.on_date
LEFT JOIN policy.calendar_day AS y
    ON c.calendar = y.calendar AND y.is_workday AND l.workday_no + c.transfer_workdays = y.workday_no
