-- One row per allocation dated by as-of whose document or source is dated later: it counts when they do. The rare
-- late facts are the small side of each join, so a ledger without a future pays next to nothing.
-- materialise: table
WITH later AS (
    SELECT
        company_id,
        document_id,
        kind
    FROM ledger.document
    WHERE issued_on > $as_of
),

later_receipt AS (
    SELECT
        company_id,
        receipt_id
    FROM ledger.receipt
    WHERE received_on > $as_of
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
