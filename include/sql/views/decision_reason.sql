-- Why each stage, grade, flag and task was given (决策依据).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.decision,
    r.rule_id,
    r.inputs,
    r.threshold,
    r.outcome,
    r.as_of
FROM store.published AS p
INNER JOIN store.decision_reason AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
