-- Why customers do not pay (未回款原因), counted.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.scope,
    r.company_id,
    r.dimension,
    r.member,
    r.currency,
    r.is_total,
    r.cause,
    r.accounts,
    r.overdue_amount,
    r.share_pct,
    r.as_of
FROM store.published AS p
INNER JOIN store.root_cause AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
