-- One row per company and currency in which the allowance was used or refilled this month: written off, and written off
-- before but claimed again (a debit note that names a document of which something was written off).
-- materialise: table
WITH month AS (
    SELECT month AS month_from
    FROM policy.close_day
    WHERE closed_on = $as_of
),

written AS (
    SELECT
        company_id,
        document_id,
        SUM(amount) AS amount
    FROM dated_allocation
    WHERE source_kind = 'write_off'
    GROUP BY company_id, document_id
),

part AS (
    SELECT
        a.company_id,
        a.currency,
        a.amount AS write_off,
        0 AS recovery
    FROM dated_allocation AS a
    INNER JOIN month AS m ON a.counts_on >= m.month_from
    WHERE a.source_kind = 'write_off'
    UNION ALL
    SELECT
        d.company_id,
        d.currency,
        0 AS write_off,
        LEAST(d.amount, w.amount) AS recovery
    FROM ledger.document AS d
    INNER JOIN month AS m ON d.issued_on >= m.month_from
    INNER JOIN written AS w ON d.company_id = w.company_id AND d.references_document_id = w.document_id
    WHERE d.kind = 'debit_note' AND d.issued_on <= $as_of
)

SELECT
    company_id,
    currency,
    SUM(write_off) AS write_off,
    SUM(recovery) AS recovery
FROM part
GROUP BY company_id, currency
