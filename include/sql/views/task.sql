-- What each person should do (任务), one row per task and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.task_id,
    r.rep_id,
    r.company_id,
    r.account_id,
    r.kind,
    r.points,
    r.rank,
    r.script_id,
    r.ask_amount,
    r.currency,
    r.due_on,
    r.first_listed_on,
    r.subject_id,
    r.act_on,
    r.contact_id,
    r.is_planned,
    r.is_floor,
    r.pay_on,
    r.special,
    r.as_of
FROM store.published AS p
INNER JOIN store.task AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
