-- One row per company and currency of which anything was ever written off: how much, how much of it was claimed again
-- (a debit note that names the document, on the day of the write-off or later), and what of both is new since the close
-- that the month opens with. New is what that close did not know, whatever its date: an entry dated back into a closed
-- month is used in the next. Where there is no such close, what is dated in the month is new.
-- No more of a document is recovered than was written off of it by then. With W written off and N claimed through each
-- note in turn, what is recovered grows to min(W, grown so far + note); in one step, N of all − the greatest N − W.
-- materialise: table
WITH month AS (
    SELECT month AS month_from
    FROM policy.close_day
    WHERE closed_on = $as_of
),

written AS (
    SELECT
        a.company_id,
        a.document_id,
        a.currency,
        a.counts_on,
        SUM(a.amount) AS amount,
        SUM(CASE WHEN a.counts_on < m.month_from THEN a.amount ELSE 0 END) AS amount_before
    FROM dated_allocation AS a
    CROSS JOIN month AS m
    WHERE a.source_kind = 'write_off'
    GROUP BY a.company_id, a.document_id, a.currency, a.counts_on
),

note AS (
    SELECT
        d.company_id,
        d.currency,
        d.references_document_id,
        d.document_id,
        d.issued_on,
        d.amount,
        SUM(d.amount) OVER (
            PARTITION BY d.company_id, d.references_document_id, d.currency ORDER BY d.issued_on, d.document_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS claimed_through
    FROM ledger.document AS d
    INNER JOIN (
        SELECT DISTINCT
            company_id,
            document_id
        FROM written
    ) AS w ON d.company_id = w.company_id AND d.references_document_id = w.document_id
    WHERE d.kind = 'debit_note' AND d.issued_on <= $as_of
),

faced AS (
    SELECT
        n.company_id,
        n.currency,
        n.references_document_id,
        n.document_id,
        n.issued_on,
        n.amount,
        n.claimed_through - SUM(CASE WHEN w.counts_on <= n.issued_on THEN w.amount ELSE 0 END) AS excess
    FROM note AS n
    INNER JOIN written AS w
        ON
            n.company_id = w.company_id
            AND n.references_document_id = w.document_id
            AND n.currency = w.currency
    GROUP BY
        n.company_id,
        n.currency,
        n.references_document_id,
        n.document_id,
        n.issued_on,
        n.amount,
        n.claimed_through
),

claimed AS (
    SELECT
        f.company_id,
        f.currency,
        SUM(f.amount) AS amount,
        MAX(f.excess) AS excess,
        SUM(CASE WHEN f.issued_on < m.month_from THEN f.amount ELSE 0 END) AS amount_before,
        MAX(CASE WHEN f.issued_on < m.month_from THEN f.excess END) AS excess_before
    FROM faced AS f
    CROSS JOIN month AS m
    GROUP BY f.company_id, f.currency, f.references_document_id
),

ever AS (
    SELECT
        company_id,
        currency,
        SUM(written_off) AS written_off_ever,
        SUM(recovered) AS recovered_ever,
        SUM(written_off_before) AS written_off_before,
        SUM(recovered_before) AS recovered_before
    FROM (
        SELECT
            company_id,
            currency,
            amount AS written_off,
            0 AS recovered,
            amount_before AS written_off_before,
            0 AS recovered_before
        FROM written
        UNION ALL
        SELECT
            company_id,
            currency,
            0 AS written_off,
            amount - GREATEST(excess, 0) AS recovered,
            0 AS written_off_before,
            amount_before - GREATEST(COALESCE(excess_before, 0), 0) AS recovered_before
        FROM claimed
    ) AS p
    GROUP BY company_id, currency
),

pair AS (
    SELECT
        company_id,
        currency
    FROM ever
    UNION
    SELECT
        company_id,
        currency
    FROM opening.provision_movement
    WHERE NOT is_total
),

known AS (
    SELECT DISTINCT company_id
    FROM opening.provision_movement
),

-- a close of the company that has no row of the currency knew of nothing in it
since AS (
    SELECT
        p.company_id,
        p.currency,
        COALESCE(e.written_off_ever, 0) AS written_off_ever,
        COALESCE(e.recovered_ever, 0) AS recovered_ever,
        COALESCE(e.written_off_ever, 0)
        - CASE
            WHEN k.company_id IS NULL THEN COALESCE(e.written_off_before, 0)
            ELSE COALESCE(o.written_off_ever, 0)
        END AS written_off,
        COALESCE(e.recovered_ever, 0)
        - CASE
            WHEN k.company_id IS NULL THEN COALESCE(e.recovered_before, 0)
            ELSE COALESCE(o.recovered_ever, 0)
        END AS recovered
    FROM pair AS p
    LEFT JOIN ever AS e ON p.company_id = e.company_id AND p.currency = e.currency
    LEFT JOIN known AS k ON p.company_id = k.company_id
    LEFT JOIN opening.provision_movement AS o
        ON p.company_id = o.company_id AND p.currency = o.currency AND NOT o.is_total
)

-- a write-off that was taken back is claimed again; a claim that was taken back is lost again
SELECT
    company_id,
    currency,
    written_off_ever,
    recovered_ever,
    GREATEST(written_off, 0) + GREATEST(-recovered, 0) AS write_off,
    GREATEST(recovered, 0) + GREATEST(-written_off, 0) AS recovery
FROM since
