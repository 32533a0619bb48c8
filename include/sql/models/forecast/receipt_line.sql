-- One row per part of a receipt and instalment that it settled, or covers until somebody applies it: money that is not
-- applied yet was paid all the same. ``settled_on`` is the receipt's value date.
-- materialise: view
SELECT
    company_id,
    document_id,
    seq,
    currency,
    issued_on,
    settled_on,
    amount
FROM settled_line
WHERE source_kind = 'receipt'
UNION ALL
SELECT
    c.company_id,
    c.document_id,
    c.seq,
    c.currency,
    d.issued_on,
    c.covered_on AS settled_on,
    c.amount
FROM covered_line AS c
INNER JOIN ledger.document AS d ON c.company_id = d.company_id AND c.document_id = d.document_id
WHERE c.source_kind = 'receipt'
