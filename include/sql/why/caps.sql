-- New sanctions of the account's company that night against the cap of its policy, as published.
SELECT
    c.transition,
    c.accounts,
    c.accounts_pct,
    c.overdue_pct,
    c.is_over,
    p.min_accounts,
    p.max_accounts_pct,
    p.max_amount_pct
FROM published.sanction_cap AS c
LEFT JOIN policy.scope AS o ON c.company_id = o.company_id AND o.segment = ''
INNER JOIN policy.cap AS p ON COALESCE(o.variant, 0) = p.variant
ORDER BY c.transition DESC
