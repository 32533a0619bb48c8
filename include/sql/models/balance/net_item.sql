-- One row per open instalment with its net amount.
-- materialise: table
SELECT
    i.company_id,
    i.document_id,
    i.seq,
    i.account_id,
    i.currency,
    i.due_on,
    i.amount,
    i.is_retention,
    i.open_amount,
    i.open_amount - COALESCE(k.amount, 0) - COALESCE(c.amount, 0) AS net_amount
FROM open_before_credit AS i
LEFT JOIN linked_credit AS k
    ON i.company_id = k.company_id AND i.document_id = k.document_id AND i.seq = k.seq
LEFT JOIN consumed_credit AS c
    ON i.company_id = c.company_id AND i.document_id = c.document_id AND i.seq = c.seq
