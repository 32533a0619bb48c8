-- One row per instalment and stretch of days through which the same amount of it was open: from its issue to the first
-- payment, from each payment to the next. Stretches that were over before the first close are left out, and so are
-- documents that are filled anew at every close (mixed_document).
-- materialise: table
WITH first_close AS (
    SELECT MIN(closed_on) AS closed_on
    FROM policy.close_day
),

event AS (
    SELECT
        s.company_id,
        s.document_id,
        s.seq,
        s.counts_on,
        SUM(s.amount) AS amount,
        MAX(s.item_amount) AS item_amount
    FROM settled_line AS s
    WHERE s.amount > 0
    GROUP BY s.company_id, s.document_id, s.seq, s.counts_on
),

-- most instalments are settled by one payment, and need no running sum
counted AS (
    SELECT
        company_id,
        document_id,
        seq,
        COUNT(*) AS events,
        MIN(counts_on) AS first_on,
        SUM(amount) AS amount
    FROM event
    GROUP BY company_id, document_id, seq
),

item AS (
    SELECT
        d.company_id,
        d.document_id,
        COALESCE(i.seq, 1) AS seq,
        d.account_id,
        d.currency,
        d.issued_on,
        COALESCE(i.due_on, d.due_on) AS due_on,
        COALESCE(i.amount, d.amount) AS amount
    FROM ledger.document AS d
    LEFT JOIN ledger.instalment AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE d.issued_on <= $as_of AND d.kind <> 'credit_note' AND COALESCE(i.amount, d.amount) > 0
),

watched AS (
    SELECT
        i.*,
        c.events,
        c.first_on,
        c.amount AS settled_amount
    FROM item AS i
    CROSS JOIN first_close AS f
    LEFT JOIN counted AS c
        ON i.company_id = c.company_id AND i.document_id = c.document_id AND i.seq = c.seq
    LEFT JOIN mixed_document AS m ON i.company_id = m.company_id AND i.document_id = m.document_id
    WHERE
        m.document_id IS NULL
        AND (c.events IS NULL OR c.events > 1 OR c.amount < i.amount OR c.first_on > f.closed_on)
),

later AS (
    SELECT
        e.company_id,
        e.document_id,
        e.seq,
        e.counts_on AS from_on,
        LEAD(e.counts_on) OVER (PARTITION BY e.company_id, e.document_id, e.seq ORDER BY e.counts_on) AS to_on,
        SUM(e.amount) OVER (
            PARTITION BY e.company_id, e.document_id, e.seq ORDER BY e.counts_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS settled_amount
    FROM event AS e
    INNER JOIN watched AS w
        ON e.company_id = w.company_id AND e.document_id = w.document_id AND e.seq = w.seq
    WHERE w.events > 1 OR w.settled_amount < w.amount
),

span AS (
    SELECT
        company_id,
        document_id,
        seq,
        account_id,
        currency,
        issued_on,
        due_on,
        amount AS open_amount,
        issued_on AS from_on,
        first_on AS to_on
    FROM watched
    UNION ALL
    SELECT
        w.company_id,
        w.document_id,
        w.seq,
        w.account_id,
        w.currency,
        w.issued_on,
        w.due_on,
        CAST(w.amount - l.settled_amount AS DECIMAL(18, 4)) AS open_amount,
        l.from_on,
        l.to_on
    FROM later AS l
    INNER JOIN watched AS w
        ON l.company_id = w.company_id AND l.document_id = w.document_id AND l.seq = w.seq
    WHERE w.amount > l.settled_amount
)

SELECT s.*
FROM span AS s
CROSS JOIN first_close AS f
WHERE s.to_on IS NULL OR s.to_on > f.closed_on
