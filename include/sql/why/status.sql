-- Where the account stands, as published.
SELECT
    stage,
    stage_previous,
    risk_grade,
    risk_grade_previous,
    risk_score,
    grade_worsened_times,
    pattern,
    arrears_nature,
    overdue_functional,
    exposure_functional,
    credit_limit,
    is_over_limit,
    oldest_due_on,
    ladder_step,
    ladder_next_step,
    ladder_next_on,
    promise_level,
    profile_pct
FROM published.account_status
