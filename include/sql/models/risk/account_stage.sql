-- One row per account with overdue items: the oldest collectable one above tolerance makes its stage (rule 8); what is
-- in dispute only shows how long something has been open.
-- materialise: table
WITH counted AS (
    SELECT
        i.company_id,
        i.account_id,
        i.days_past_due,
        i.due_on,
        GREATEST(i.due_on, d.issued_on) AS known_late_on,
        i.collectable_amount > COALESCE(t.tolerance, p.default_tolerance) AS is_counted
    FROM open_item AS i
    INNER JOIN ledger.document AS d ON i.company_id = d.company_id AND i.document_id = d.document_id
    INNER JOIN account_scope AS s ON i.company_id = s.company_id AND i.account_id = s.account_id
    INNER JOIN policy.variant_parameter AS p ON s.variant = p.variant
    LEFT JOIN policy.tolerance AS t ON s.variant = t.variant AND i.currency = t.currency
    WHERE i.days_past_due > 0
)

SELECT
    company_id,
    account_id,
    MAX(CASE WHEN is_counted THEN days_past_due ELSE 0 END) AS max_days_past_due,
    MIN(CASE WHEN is_counted THEN due_on END) AS oldest_due_on,
    MIN(CASE WHEN is_counted THEN known_late_on END) AS known_late_on,
    MAX(days_past_due) AS longest_open_days
FROM counted
GROUP BY company_id, account_id
