-- What a payment could go to, the most overdue first: instalments with money owed, how the stage counts them, and what
-- a unit of their currency is worth in the company's own.
SELECT
    i.document_id,
    CASE WHEN n.document_id IS NOT NULL THEN i.seq END AS seq,
    d.number,
    i.currency,
    i.days_past_due,
    i.net_amount,
    i.collectable_amount,
    COALESCE(t.tolerance, p.default_tolerance) AS tolerance,
    r.rate
FROM open_item AS i
INNER JOIN account_scope AS s ON i.company_id = s.company_id AND i.account_id = s.account_id
INNER JOIN policy.variant_parameter AS p ON s.variant = p.variant
INNER JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
LEFT JOIN policy.tolerance AS t ON s.variant = t.variant AND i.currency = t.currency
LEFT JOIN company_rate AS r ON i.company_id = r.company_id AND i.currency = r.currency
LEFT JOIN (
    SELECT DISTINCT
        company_id,
        document_id
    FROM ledger.instalment
) AS n ON i.company_id = n.company_id AND i.document_id = n.document_id
WHERE i.net_amount > 0
ORDER BY i.due_on, i.document_id, i.seq
