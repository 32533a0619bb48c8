-- One row per company, portfolio and bucket that something can leave for a later one: what came into it, and what of
-- that went on, in functional currency. Followed item by item from its due date: money paid so many days late had
-- reached every bucket that begins by then. Only items count that are old enough to show whether they went on. What was
-- written off went on through all buckets: it was never paid (Beijing CPA institute, expert note 2020-3). What free
-- credit covers was paid on the day on which the credit came: rates and the net amounts that they meet stand on one
-- basis.
-- materialise: table
WITH line AS (
    SELECT
        company_id,
        account_id,
        document_id,
        currency,
        due_on,
        settled_on,
        amount
    FROM settled_line
    WHERE source_kind <> 'write_off'
    UNION ALL
    SELECT
        company_id,
        account_id,
        document_id,
        currency,
        due_on,
        covered_on AS settled_on,
        amount
    FROM covered_line
),

settled AS (
    SELECT
        s.company_id,
        f.portfolio,
        s.currency,
        s.due_on,
        DATE_DIFF('day', s.due_on, s.settled_on) AS days_late,
        SUM(s.amount) AS amount
    FROM line AS s
    CROSS JOIN policy.provision_parameter AS p
    INNER JOIN ledger.document AS d ON s.company_id = d.company_id AND s.document_id = d.document_id
    INNER JOIN account_member AS m ON s.company_id = m.company_id AND s.account_id = m.account_id
    INNER JOIN policy.portfolio AS f ON m.segment = f.segment
    WHERE
        s.due_on > p.cohorts_from
        AND s.due_on <= $as_of
        AND d.kind IN ('invoice', 'debit_note')
    GROUP BY s.company_id, f.portfolio, s.currency, s.due_on, DATE_DIFF('day', s.due_on, s.settled_on)
),

step AS (
    SELECT
        b.bucket,
        b.place,
        b.first_day,
        n.first_day AS next_day
    FROM policy.bucket AS b
    INNER JOIN policy.bucket AS n ON b.next_bucket = n.bucket
),

-- the first bucket holds all that falls due, paid early or not
came AS (
    SELECT
        i.company_id,
        i.portfolio,
        i.currency,
        t.bucket,
        SUM(i.amount) AS amount
    FROM every_item AS i
    INNER JOIN step AS t ON DATE_DIFF('day', i.due_on, $as_of) >= t.next_day - 1
    GROUP BY i.company_id, i.portfolio, i.currency, t.bucket
),

paid AS (
    SELECT
        s.company_id,
        s.portfolio,
        s.currency,
        t.bucket,
        SUM(CASE WHEN t.place > 1 AND s.days_late < t.first_day THEN s.amount ELSE 0 END) AS before_amount,
        SUM(CASE WHEN s.days_late < t.next_day THEN s.amount ELSE 0 END) AS within_amount
    FROM settled AS s
    INNER JOIN step AS t ON DATE_DIFF('day', s.due_on, $as_of) >= t.next_day - 1
    GROUP BY s.company_id, s.portfolio, s.currency, t.bucket
)

SELECT
    c.company_id,
    c.portfolio,
    c.bucket,
    SUM((c.amount - COALESCE(p.before_amount, 0)) * r.rate) AS reached_amount,
    SUM((c.amount - COALESCE(p.within_amount, 0)) * r.rate) AS moved_amount
FROM came AS c
INNER JOIN company_rate AS r ON c.company_id = r.company_id AND c.currency = r.currency
LEFT JOIN paid AS p
    ON
        c.company_id = p.company_id
        AND c.portfolio = p.portfolio
        AND c.currency = p.currency
        AND c.bucket = p.bucket
GROUP BY c.company_id, c.portfolio, c.bucket
