-- Monthly target per account against what came in and what is promised (目标与缺口).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.month,
    r.account_id,
    r.currency,
    r.target,
    r.committed,
    r.received,
    r.gap,
    r.planned_uplift,
    r.uncovered,
    r.as_of
FROM store.published AS p
INNER JOIN store.target_gap AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
