-- One row per company, band of days since an item was usually to be paid, and week: the share of what was open at a
-- month end in that band that came in during that week after it. Learnt from month ends whose weeks are all over.
-- Money that had come by the month end is no longer open, applied or not, as in the net amounts that the curve is used
-- on. Together the shares of a band are never more than all of it: where an allocation that came later says that other
-- items were paid than the books of that day, the first weeks count.
-- materialise: table
WITH early AS (
    SELECT
        l.company_id,
        l.document_id,
        l.seq,
        l.closed_on,
        SUM(l.amount) AS amount
    FROM (
        SELECT
            c.company_id,
            c.document_id,
            c.seq,
            n.closed_on,
            c.amount
        FROM covered_line AS c
        INNER JOIN learnt_close AS n ON c.covered_on <= n.closed_on
        UNION ALL
        SELECT
            s.company_id,
            s.document_id,
            s.seq,
            n.closed_on,
            s.amount
        FROM settled_line AS s
        INNER JOIN learnt_close AS n ON s.settled_on <= n.closed_on AND s.counts_on > n.closed_on
        WHERE s.settled_on < s.counts_on
    ) AS l
    GROUP BY l.company_id, l.document_id, l.seq, l.closed_on
),

late AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.closed_on,
        i.currency,
        i.open_amount,
        DATE_DIFF('day', i.due_on, i.closed_on) - d.days_late AS days
    FROM close_item AS i
    INNER JOIN learnt_close AS n ON i.closed_on = n.closed_on
    INNER JOIN payment_delay AS d ON i.company_id = d.company_id AND i.account_id = d.account_id
),

-- a few thousand days, looked up once each: a million items against every band would take half of the time
banded AS (
    SELECT
        l.days,
        b.band
    FROM (SELECT DISTINCT days FROM late) AS l
    INNER JOIN policy.forecast_band AS b
        ON (b.over IS NULL OR l.days > b.over) AND (b.up_to IS NULL OR l.days <= b.up_to)
),

opened AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.closed_on,
        i.currency,
        b.band,
        i.open_amount - COALESCE(e.amount, 0) AS amount
    FROM late AS i
    INNER JOIN banded AS b ON i.days = b.days
    LEFT JOIN early AS e
        ON
            i.company_id = e.company_id
            AND i.document_id = e.document_id
            AND i.seq = e.seq
            AND i.closed_on = e.closed_on
    WHERE i.open_amount > COALESCE(e.amount, 0)
),

whole AS (
    SELECT
        o.company_id,
        o.band,
        SUM(o.amount * r.rate) AS amount
    FROM (
        SELECT
            company_id,
            band,
            currency,
            CAST(SUM(amount) AS DECIMAL(28, 4)) AS amount
        FROM opened
        GROUP BY company_id, band, currency
    ) AS o
    INNER JOIN company_rate AS r ON o.company_id = r.company_id AND o.currency = r.currency
    GROUP BY o.company_id, o.band
),

paid AS (
    SELECT
        p.company_id,
        p.band,
        p.place,
        SUM(p.amount * r.rate) AS amount
    FROM (
        SELECT
            o.company_id,
            o.band,
            s.currency,
            FLOOR((DATE_DIFF('day', o.closed_on, s.settled_on) - 1) / 7) + 1 AS place,
            CAST(SUM(s.amount) AS DECIMAL(28, 4)) AS amount
        FROM opened AS o
        INNER JOIN receipt_line AS s
            ON o.company_id = s.company_id AND o.document_id = s.document_id AND o.seq = s.seq
        WHERE s.settled_on > o.closed_on
        GROUP BY
            o.company_id, o.band, s.currency, FLOOR((DATE_DIFF('day', o.closed_on, s.settled_on) - 1) / 7) + 1
    ) AS p
    INNER JOIN company_rate AS r ON p.company_id = r.company_id AND p.currency = r.currency
    GROUP BY p.company_id, p.band, p.place
),

through AS (
    SELECT
        w.company_id,
        w.band,
        k.place,
        LEAST(
            CAST(
                SUM(COALESCE(p.amount, 0)) OVER (
                    PARTITION BY w.company_id, w.band ORDER BY k.place
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ) AS DOUBLE
            ) / CAST(w.amount AS DOUBLE),
            1
        ) AS share
    FROM whole AS w
    CROSS JOIN policy.forecast_week AS k
    LEFT JOIN paid AS p ON w.company_id = p.company_id AND w.band = p.band AND k.place = p.place
    WHERE w.amount > 0
)

SELECT
    t.company_id,
    t.band,
    t.place,
    CAST(t.share - COALESCE(b.share, 0) AS DECIMAL(9, 8)) AS share
FROM through AS t
LEFT JOIN through AS b ON t.company_id = b.company_id AND t.band = b.band AND t.place - 1 = b.place
