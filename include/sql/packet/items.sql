-- Open instalments with their document; issued_on is empty when the snapshot does not hold it.
SELECT
    i.company_id,
    i.account_id,
    i.document_id,
    i.seq,
    d.number,
    d.kind,
    d.contract_id,
    d.issued_on,
    i.due_on,
    i.currency,
    i.amount,
    i.open_amount,
    i.net_amount,
    i.disputed_amount,
    i.collectable_amount,
    i.days_past_due_as_of AS days_late,
    i.is_retention
FROM night.open_item AS i
LEFT JOIN ledger.document AS d
    ON i.company_id = d.company_id AND i.account_id = d.account_id AND i.document_id = d.document_id
ORDER BY i.currency, i.due_on, i.document_id, i.seq
