-- One row per night and company, in its functional currency: accounts that stand elsewhere under B and their overdue
-- money, and the overdue money of accounts under a sanction on each side. `unknown_accounts` lack an exchange rate.
SELECT
    business_date,
    company_id,
    currency,
    COUNT(*) AS accounts,
    COUNT(*) FILTER (WHERE is_moved) AS moved_accounts,
    COALESCE(SUM(overdue_functional) FILTER (WHERE is_moved), 0) AS moved_overdue_functional,
    COUNT(*) FILTER (WHERE is_moved AND overdue_functional IS NULL) AS unknown_accounts,
    COUNT(*) FILTER (WHERE sanctions_a IS NOT NULL) AS sanctioned_accounts_a,
    COUNT(*) FILTER (WHERE sanctions_b IS NOT NULL) AS sanctioned_accounts_b,
    COALESCE(SUM(overdue_functional) FILTER (WHERE sanctions_a IS NOT NULL), 0) AS sanctioned_overdue_functional_a,
    COALESCE(SUM(overdue_functional) FILTER (WHERE sanctions_b IS NOT NULL), 0) AS sanctioned_overdue_functional_b
FROM (
    SELECT
        p.*,
        (
            p.stage_a IS DISTINCT FROM p.stage_b
            OR p.risk_grade_a IS DISTINCT FROM p.risk_grade_b
            OR p.pattern_a IS DISTINCT FROM p.pattern_b
            OR p.arrears_nature_a IS DISTINCT FROM p.arrears_nature_b
            OR p.ladder_step_a IS DISTINCT FROM p.ladder_step_b
            OR p.sanctions_a IS DISTINCT FROM p.sanctions_b
        ) AS is_moved
    FROM pair AS p
) AS judged
GROUP BY business_date, company_id, currency
