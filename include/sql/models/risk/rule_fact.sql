-- One row per account and fact that a rule may ask about, those that follow from the grade included.
-- materialise: view
SELECT
    company_id,
    account_id,
    variant,
    fact,
    fact_value
FROM fact_value
UNION ALL
SELECT
    company_id,
    account_id,
    variant,
    'grade_worsened_times' AS fact,
    CAST(grade_worsened_times AS DECIMAL(18, 4)) AS fact_value
FROM account_grade
