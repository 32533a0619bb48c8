-- Receipts, credit notes and write-offs applied to documents. One customer in ten has no instalment on its allocations.
WITH applied AS (
    SELECT
        payment.n,
        payment.d,
        payment.seq,
        'R' || payment.no AS tail,
        'receipt' AS source_kind,
        payment.currency,
        payment.paid_on,
        payment.cents,
        payment.allocated_on
    FROM payment
    UNION ALL
    SELECT
        n,
        d,
        seq,
        'C' AS tail,
        'credit_note' AS source_kind,
        currency,
        credit_on AS paid_on,
        credit_cents AS cents,
        cleared_on AS allocated_on
    FROM item
    WHERE credit_cents > 0 AND d IN (SELECT kept.d FROM kept)
    UNION ALL
    SELECT
        n,
        d,
        seq,
        'W' AS tail,
        'write_off' AS source_kind,
        currency,
        off_on AS paid_on,
        off_cents AS cents,
        off_on AS allocated_on
    FROM item
    WHERE off_cents > 0 AND d IN (SELECT kept.d FROM kept)
)

SELECT
    customer.company_id,
    DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) || '-' || seq || tail AS allocation_id,
    source_kind,
    CASE source_kind
        WHEN 'receipt' THEN RECEIPT_ID(customer.account_id, paid_on, applied.currency, 'P')
        WHEN 'credit_note' THEN DOCUMENT_ID(customer.account_id, MONTH_OF(d), (d % 1000) || '-CN')
        ELSE 'WO-' || DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) || '-' || seq
    END AS source_id,
    DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) AS document_id,
    MONEY(applied.cents) AS amount,
    allocated_on,
    CASE WHEN applied.n % 10 <> 7 THEN CAST(seq AS BIGINT) END AS seq
FROM applied
INNER JOIN customer ON applied.n = customer.n
WHERE allocated_on <= GETVARIABLE('through')
