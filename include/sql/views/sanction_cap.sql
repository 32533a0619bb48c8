-- New sanctions of a night against the policy's cap (惩戒上限), one row per company and transition.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.transition,
    r.accounts,
    r.accounts_pct,
    r.overdue_functional,
    r.overdue_pct,
    r.is_over,
    r.as_of
FROM store.published AS p
INNER JOIN store.sanction_cap AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
