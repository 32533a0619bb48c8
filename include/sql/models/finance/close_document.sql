-- One row per document that is filled anew at every close, and close at which something of it was open in the ledger's
-- view: what was applied to it by then. What was settled before the first close is looked at once and left out.
-- materialise: table
WITH allocation AS (
    SELECT a.*
    FROM dated_allocation AS a
    INNER JOIN mixed_document AS m ON a.company_id = m.company_id AND a.document_id = m.document_id
),

settled AS (
    SELECT
        company_id,
        document_id,
        SUM(amount) AS amount,
        MAX(counts_on) AS last_on
    FROM allocation
    GROUP BY company_id, document_id
),

first_close AS (
    SELECT MIN(closed_on) AS closed_on
    FROM policy.close_day
),

watched AS (
    SELECT
        d.company_id,
        d.document_id,
        d.account_id,
        d.currency,
        d.amount,
        d.due_on,
        d.issued_on
    FROM ledger.document AS d
    INNER JOIN mixed_document AS m ON d.company_id = m.company_id AND d.document_id = m.document_id
    CROSS JOIN first_close AS f
    LEFT JOIN settled AS s ON d.company_id = s.company_id AND d.document_id = s.document_id
    WHERE
        d.issued_on <= $as_of
        AND d.kind <> 'credit_note'
        AND (COALESCE(s.amount, 0) < d.amount OR s.last_on > f.closed_on)
),

applied_new AS (
    SELECT
        a.company_id,
        a.document_id,
        c.closed_on,
        SUM(a.amount) AS amount
    FROM allocation AS a
    INNER JOIN watched AS w ON a.company_id = w.company_id AND a.document_id = w.document_id
    INNER JOIN policy.close_day AS c ON a.counts_on > c.after_on AND a.counts_on <= c.closed_on
    GROUP BY a.company_id, a.document_id, c.closed_on
),

pair AS (
    SELECT
        w.company_id,
        w.document_id,
        w.account_id,
        w.currency,
        w.amount,
        w.issued_on,
        w.due_on,
        c.closed_on,
        SUM(COALESCE(n.amount, 0)) OVER (
            PARTITION BY w.company_id, w.document_id ORDER BY c.closed_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS applied_amount
    FROM watched AS w
    INNER JOIN policy.close_day AS c ON w.issued_on <= c.closed_on
    LEFT JOIN applied_new AS n
        ON w.company_id = n.company_id AND w.document_id = n.document_id AND c.closed_on = n.closed_on
)

SELECT *
FROM pair
WHERE applied_amount < amount
