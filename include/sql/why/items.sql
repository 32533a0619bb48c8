-- Every open item as published, the most overdue first, with what credits took off it and whether the stage counts it.
SELECT
    i.document_id,
    i.seq,
    d.number,
    d.kind,
    d.issued_on,
    i.due_on,
    i.currency,
    i.amount,
    i.open_amount,
    COALESCE(k.amount, 0) AS linked_credit,
    COALESCE(c.amount, 0) AS free_credit_used,
    i.net_amount,
    i.disputed_amount,
    i.collectable_amount,
    i.days_past_due,
    i.days_past_due_as_of,
    i.stage,
    i.bucket,
    i.is_retention,
    i.days_past_due > 0 AND i.collectable_amount > COALESCE(t.tolerance, p.default_tolerance) AS is_counted
FROM published.open_item AS i
INNER JOIN account_scope AS s ON i.company_id = s.company_id AND i.account_id = s.account_id
INNER JOIN policy.variant_parameter AS p ON s.variant = p.variant
LEFT JOIN policy.tolerance AS t ON s.variant = t.variant AND i.currency = t.currency
LEFT JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
LEFT JOIN linked_credit AS k
    ON i.company_id = k.company_id AND i.document_id = k.document_id AND i.seq = k.seq
LEFT JOIN consumed_credit AS c
    ON i.company_id = c.company_id AND i.document_id = c.document_id AND i.seq = c.seq
ORDER BY i.due_on, i.document_id, i.seq
