-- One row per task that the night before listed, or found gone without being done: what is back after one night, as
-- when a feed lacked its account, is the same task and keeps its first day.
-- materialise: table
SELECT
    task_id,
    company_id,
    account_id,
    currency,
    kind,
    subject_id,
    first_listed_on
FROM previous.task
UNION ALL
SELECT
    task_id,
    company_id,
    account_id,
    currency,
    kind,
    subject_id,
    first_listed_on
FROM previous.task_end
WHERE outcome = 'void'
