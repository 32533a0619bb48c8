-- One row per instalment that is open in the ledger's view.
-- materialise: view
SELECT
    i.company_id,
    i.document_id,
    i.seq,
    i.account_id,
    i.currency,
    i.due_on,
    i.amount,
    i.is_retention,
    i.open_amount - COALESCE(a.amount, 0) AS open_amount
FROM ledger_item AS i
LEFT JOIN auto_applied AS a
    ON i.company_id = a.company_id AND i.document_id = a.document_id AND i.seq = a.seq
WHERE i.open_amount > COALESCE(a.amount, 0)
