-- One row per part of a company that accounts fall into (segment and rep) and each way to tell figures by: the whole
-- company, its segments, its reps. What is added up by all three must come to the same.
-- materialise: table
WITH part AS (
    SELECT DISTINCT
        company_id,
        segment,
        rep_id
    FROM account_member
)

SELECT
    company_id,
    segment,
    rep_id,
    'company' AS dimension,
    '' AS member
FROM part
UNION ALL
SELECT
    company_id,
    segment,
    rep_id,
    'segment' AS dimension,
    segment AS member
FROM part
UNION ALL
SELECT
    company_id,
    segment,
    rep_id,
    'rep' AS dimension,
    rep_id AS member
FROM part
