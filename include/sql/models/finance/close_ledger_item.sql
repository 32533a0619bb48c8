-- One row per instalment and close with something open after real allocations: model ledger_item, at each close. What
-- names an instalment goes there first; what names none, or does not fit, fills oldest due date first (rules 3 and 4).
-- materialise: table
WITH split AS (
    SELECT
        d.company_id,
        d.document_id,
        d.closed_on,
        i.seq,
        d.account_id,
        d.currency,
        d.issued_on,
        i.due_on,
        i.amount,
        d.applied_amount
    FROM close_document AS d
    INNER JOIN ledger.instalment AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
),

split_document AS (
    SELECT DISTINCT
        company_id,
        document_id
    FROM split
),

named_allocation AS (
    SELECT
        a.company_id,
        a.document_id,
        a.seq,
        a.amount,
        a.counts_on
    FROM dated_allocation AS a
    INNER JOIN split_document AS s ON a.company_id = s.company_id AND a.document_id = s.document_id
    WHERE a.seq IS NOT NULL
),

named_new AS (
    SELECT
        a.company_id,
        a.document_id,
        a.seq,
        c.closed_on,
        SUM(a.amount) AS amount
    FROM named_allocation AS a
    INNER JOIN policy.close_day AS c ON a.counts_on > c.after_on AND a.counts_on <= c.closed_on
    GROUP BY a.company_id, a.document_id, a.seq, c.closed_on
),

part AS (
    SELECT
        s.*,
        LEAST(
            s.amount,
            SUM(COALESCE(n.amount, 0)) OVER (
                PARTITION BY s.company_id, s.document_id, s.seq ORDER BY s.closed_on
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            )
        ) AS named_amount
    FROM split AS s
    LEFT JOIN named_new AS n
        ON
            s.company_id = n.company_id
            AND s.document_id = n.document_id
            AND s.seq = n.seq
            AND s.closed_on = n.closed_on
),

filled AS (
    SELECT
        *,
        amount - named_amount AS room,
        applied_amount - SUM(named_amount) OVER (PARTITION BY company_id, document_id, closed_on) AS unnamed_amount,
        SUM(amount - named_amount) OVER (
            PARTITION BY company_id, document_id, closed_on ORDER BY due_on, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS room_through
    FROM part
)

SELECT
    d.company_id,
    d.document_id,
    1 AS seq,
    d.closed_on,
    d.account_id,
    d.currency,
    d.issued_on,
    d.due_on,
    d.amount - d.applied_amount AS open_amount
FROM close_document AS d
LEFT JOIN split_document AS s ON d.company_id = s.company_id AND d.document_id = s.document_id
WHERE s.document_id IS NULL
UNION ALL
SELECT
    company_id,
    document_id,
    seq,
    closed_on,
    account_id,
    currency,
    issued_on,
    due_on,
    LEAST(room, room_through - unnamed_amount) AS open_amount
FROM filled
WHERE room > 0 AND room_through > unnamed_amount
