-- One row per company, band of days since an item was usually to be paid, and week: the share of what was open at a
-- month end in that band that came in during that week after it. Learnt from month ends whose weeks are all over.
-- materialise: table
WITH opened AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.closed_on,
        b.band,
        CAST(i.open_amount AS DECIMAL(28, 4)) * r.rate AS amount
    FROM close_item AS i
    INNER JOIN policy.close_day AS c ON i.closed_on = c.closed_on
    CROSS JOIN policy.forecast_parameter AS p
    INNER JOIN payment_delay AS d ON i.company_id = d.company_id AND i.account_id = d.account_id
    INNER JOIN company_rate AS r ON i.company_id = r.company_id AND i.currency = r.currency
    INNER JOIN policy.forecast_band AS b
        ON
            (b.over IS NULL OR DATE_DIFF('day', i.due_on, i.closed_on) - d.days_late > b.over)
            AND (b.up_to IS NULL OR DATE_DIFF('day', i.due_on, i.closed_on) - d.days_late <= b.up_to)
    WHERE c.is_month_end AND i.closed_on <= p.learn_until
),

whole AS (
    SELECT
        company_id,
        band,
        SUM(amount) AS amount
    FROM opened
    GROUP BY company_id, band
),

paid AS (
    SELECT
        o.company_id,
        o.band,
        FLOOR((DATE_DIFF('day', o.closed_on, s.settled_on) - 1) / 7) + 1 AS place,
        SUM(CAST(s.amount AS DECIMAL(28, 4)) * r.rate) AS amount
    FROM opened AS o
    INNER JOIN settled_line AS s
        ON o.company_id = s.company_id AND o.document_id = s.document_id AND o.seq = s.seq
    INNER JOIN company_rate AS r ON s.company_id = r.company_id AND s.currency = r.currency
    WHERE s.source_kind = 'receipt' AND s.settled_on > o.closed_on
    GROUP BY o.company_id, o.band, FLOOR((DATE_DIFF('day', o.closed_on, s.settled_on) - 1) / 7) + 1
)

SELECT
    w.company_id,
    w.band,
    k.place,
    CAST(CAST(COALESCE(p.amount, 0) AS DOUBLE) / CAST(w.amount AS DOUBLE) AS DECIMAL(9, 8)) AS share
FROM whole AS w
CROSS JOIN policy.forecast_week AS k
LEFT JOIN paid AS p ON w.company_id = p.company_id AND w.band = p.band AND k.place = p.place
WHERE w.amount > 0
