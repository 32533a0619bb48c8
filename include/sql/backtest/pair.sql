-- One row per night and account: where it stands under A and under B. `sanctions` lists what stands against it.
WITH standing_a AS (
    SELECT
        business_date,
        company_id,
        account_id,
        STRING_AGG(flag || ' ' || state, ', ' ORDER BY flag) AS sanctions
    FROM a.account_flag
    WHERE state IN ('proposed', 'approved', 'active')
    GROUP BY business_date, company_id, account_id
),

standing_b AS (
    SELECT
        business_date,
        company_id,
        account_id,
        STRING_AGG(flag || ' ' || state, ', ' ORDER BY flag) AS sanctions
    FROM b.account_flag
    WHERE state IN ('proposed', 'approved', 'active')
    GROUP BY business_date, company_id, account_id
)

SELECT
    a.business_date,
    a.company_id,
    a.account_id,
    a.rep_id,
    c.functional_currency AS currency,
    b.overdue_functional,
    a.stage AS stage_a,
    b.stage AS stage_b,
    a.risk_grade AS risk_grade_a,
    b.risk_grade AS risk_grade_b,
    a.pattern AS pattern_a,
    b.pattern AS pattern_b,
    a.arrears_nature AS arrears_nature_a,
    b.arrears_nature AS arrears_nature_b,
    a.ladder_step AS ladder_step_a,
    b.ladder_step AS ladder_step_b,
    x.sanctions AS sanctions_a,
    y.sanctions AS sanctions_b
FROM a.account_status AS a
INNER JOIN b.account_status AS b
    ON a.business_date = b.business_date AND a.company_id = b.company_id AND a.account_id = b.account_id
LEFT JOIN company AS c ON a.business_date = c.business_date AND a.company_id = c.company_id
LEFT JOIN standing_a AS x
    ON a.business_date = x.business_date AND a.company_id = x.company_id AND a.account_id = x.account_id
LEFT JOIN standing_b AS y
    ON a.business_date = y.business_date AND a.company_id = y.company_id AND a.account_id = y.account_id
