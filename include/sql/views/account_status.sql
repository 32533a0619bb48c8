-- Where each account stands (客户状态), one row per account and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.rep_id,
    r.segment,
    r.stage,
    r.stage_previous,
    r.risk_grade,
    r.risk_score,
    r.pattern,
    r.arrears_nature,
    r.overdue_functional,
    r.exposure_functional,
    r.credit_limit,
    r.is_over_limit,
    r.oldest_due_on,
    r.ladder_step,
    r.promise_level,
    r.readiness_pct,
    r.ladder_next_step,
    r.ladder_next_on,
    r.profile_pct,
    r.risk_grade_previous,
    r.grade_worsened_times,
    r.as_of
FROM store.published AS p
INNER JOIN store.account_status AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
