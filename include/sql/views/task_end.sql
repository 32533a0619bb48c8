-- Tasks that ended since the night before, and how (任务完结).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.task_id,
    r.rep_id,
    r.company_id,
    r.account_id,
    r.kind,
    r.subject_id,
    r.outcome,
    r.reason,
    r.amount,
    r.currency,
    r.first_listed_on,
    r.as_of
FROM store.published AS p
INNER JOIN store.task_end AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
