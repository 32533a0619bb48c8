-- One row per night, field and pair of values: accounts that have the one under A and the other under B.
SELECT
    business_date,
    'risk_grade' AS field,
    risk_grade_a AS value_a,
    risk_grade_b AS value_b,
    COUNT(*) AS accounts
FROM pair
GROUP BY business_date, risk_grade_a, risk_grade_b
UNION ALL
SELECT
    business_date,
    'stage' AS field,
    stage_a AS value_a,
    stage_b AS value_b,
    COUNT(*) AS accounts
FROM pair
GROUP BY business_date, stage_a, stage_b
UNION ALL
SELECT
    business_date,
    'pattern' AS field,
    COALESCE(pattern_a, '') AS value_a,
    COALESCE(pattern_b, '') AS value_b,
    COUNT(*) AS accounts
FROM pair
GROUP BY business_date, pattern_a, pattern_b
UNION ALL
SELECT
    business_date,
    'arrears_nature' AS field,
    COALESCE(arrears_nature_a, '') AS value_a,
    COALESCE(arrears_nature_b, '') AS value_b,
    COUNT(*) AS accounts
FROM pair
GROUP BY business_date, arrears_nature_a, arrears_nature_b
UNION ALL
SELECT
    business_date,
    'ladder_step' AS field,
    COALESCE(ladder_step_a, '') AS value_a,
    COALESCE(ladder_step_b, '') AS value_b,
    COUNT(*) AS accounts
FROM pair
GROUP BY business_date, ladder_step_a, ladder_step_b
