-- One row per night, account and field in which B differs from A.
SELECT
    business_date,
    company_id,
    account_id,
    'stage' AS field,
    stage_a AS value_a,
    stage_b AS value_b
FROM pair
WHERE stage_a IS DISTINCT FROM stage_b
UNION ALL
SELECT
    business_date,
    company_id,
    account_id,
    'risk_grade' AS field,
    risk_grade_a AS value_a,
    risk_grade_b AS value_b
FROM pair
WHERE risk_grade_a IS DISTINCT FROM risk_grade_b
UNION ALL
SELECT
    business_date,
    company_id,
    account_id,
    'pattern' AS field,
    pattern_a AS value_a,
    pattern_b AS value_b
FROM pair
WHERE pattern_a IS DISTINCT FROM pattern_b
UNION ALL
SELECT
    business_date,
    company_id,
    account_id,
    'arrears_nature' AS field,
    arrears_nature_a AS value_a,
    arrears_nature_b AS value_b
FROM pair
WHERE arrears_nature_a IS DISTINCT FROM arrears_nature_b
UNION ALL
SELECT
    business_date,
    company_id,
    account_id,
    'ladder_step' AS field,
    ladder_step_a AS value_a,
    ladder_step_b AS value_b
FROM pair
WHERE ladder_step_a IS DISTINCT FROM ladder_step_b
UNION ALL
SELECT
    business_date,
    company_id,
    account_id,
    'sanctions' AS field,
    sanctions_a AS value_a,
    sanctions_b AS value_b
FROM pair
WHERE sanctions_a IS DISTINCT FROM sanctions_b
