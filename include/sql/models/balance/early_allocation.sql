-- One row per allocation dated by as-of whose document or source is dated later: it counts when they do. The rare
-- late facts are the small side of each join, so a ledger without a future pays next to nothing. A key that comes back
-- dated later does not take away what its first row settled.
-- materialise: table
WITH later AS (
    SELECT
        d.company_id,
        d.document_id
    FROM ledger.document AS d
    LEFT JOIN ledger.document AS known
        ON d.company_id = known.company_id AND d.document_id = known.document_id AND known.issued_on <= $as_of
    WHERE d.issued_on > $as_of AND known.document_id IS NULL
),

later_receipt AS (
    SELECT
        r.company_id,
        r.receipt_id
    FROM ledger.receipt AS r
    LEFT JOIN ledger.receipt AS known
        ON r.company_id = known.company_id AND r.receipt_id = known.receipt_id AND known.received_on <= $as_of
    WHERE r.received_on > $as_of AND known.receipt_id IS NULL
)

SELECT
    a.company_id,
    a.allocation_id
FROM ledger.allocation AS a
INNER JOIN later AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
WHERE a.allocated_on <= $as_of
UNION
SELECT
    a.company_id,
    a.allocation_id
FROM ledger.allocation AS a
INNER JOIN later_receipt AS r ON a.company_id = r.company_id AND a.source_id = r.receipt_id
WHERE a.allocated_on <= $as_of AND a.source_kind = 'receipt'
UNION
SELECT
    a.company_id,
    a.allocation_id
FROM ledger.allocation AS a
INNER JOIN later AS c ON a.company_id = c.company_id AND a.source_id = c.document_id
WHERE a.allocated_on <= $as_of AND a.source_kind = 'credit_note'
