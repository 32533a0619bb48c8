-- Tasks about the account, as published.
SELECT
    task_id,
    kind,
    rep_id,
    points,
    rank,
    ask_amount,
    currency,
    due_on,
    first_listed_on,
    subject_id
FROM published.task
ORDER BY points DESC, kind ASC, currency ASC, task_id ASC
