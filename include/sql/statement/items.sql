-- Open items, oldest due date first; parts is the number of instalments of the document.
WITH parted AS (
    SELECT
        company_id,
        document_id,
        COUNT(*) AS parts
    FROM ledger.instalment
    GROUP BY company_id, document_id
)

SELECT
    i.company_id,
    i.account_id,
    i.document_id,
    i.seq,
    COALESCE(p.parts, 1) AS parts,
    d.number,
    d.kind,
    i.is_retention,
    d.issued_on,
    i.due_on,
    i.currency,
    i.amount,
    i.open_amount,
    i.days_past_due_as_of AS days_late
FROM night.open_item AS i
LEFT JOIN ledger.document AS d
    ON i.company_id = d.company_id AND i.account_id = d.account_id AND i.document_id = d.document_id
LEFT JOIN parted AS p ON i.company_id = p.company_id AND i.document_id = p.document_id
ORDER BY i.currency, i.due_on, d.issued_on, i.document_id, i.seq
