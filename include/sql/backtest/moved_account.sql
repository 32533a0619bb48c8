-- One row per account that stands elsewhere under B on some night, as it stood on `shown_on`: the first
-- night on which its sanctions differ, else the first of all. `place` orders those with other sanctions first, then by
-- overdue money, within each company: money of different currencies is not compared.
WITH moved AS (
    SELECT
        company_id,
        account_id,
        MIN(business_date) AS first_on,
        MAX(business_date) AS last_on,
        COUNT(DISTINCT business_date) AS nights
    FROM move
    GROUP BY company_id, account_id
),

sanctioned AS (
    SELECT
        company_id,
        account_id,
        MIN(differs_on) AS differs_on
    FROM sanction
    GROUP BY company_id, account_id
)

SELECT
    m.company_id,
    m.account_id,
    p.rep_id,
    m.first_on,
    m.last_on,
    m.nights,
    p.business_date AS shown_on,
    p.currency,
    p.overdue_functional,
    p.stage_a,
    p.stage_b,
    p.risk_grade_a,
    p.risk_grade_b,
    p.pattern_a,
    p.pattern_b,
    p.arrears_nature_a,
    p.arrears_nature_b,
    p.ladder_step_a,
    p.ladder_step_b,
    p.sanctions_a,
    p.sanctions_b,
    ROW_NUMBER() OVER (
        PARTITION BY m.company_id
        ORDER BY
            CASE WHEN s.account_id IS NULL THEN 1 ELSE 0 END ASC, p.overdue_functional DESC NULLS LAST, m.account_id ASC
    ) AS place
FROM moved AS m
LEFT JOIN sanctioned AS s ON m.company_id = s.company_id AND m.account_id = s.account_id
INNER JOIN pair AS p
    ON
        m.company_id = p.company_id
        AND m.account_id = p.account_id
        AND COALESCE(s.differs_on, m.first_on) = p.business_date
