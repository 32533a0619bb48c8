-- One row per night, company, sanction and state: accounts and their overdue money under each side.
WITH flagged AS (
    SELECT
        'a' AS side,
        business_date,
        company_id,
        account_id,
        flag,
        state
    FROM a.account_flag
    UNION ALL
    SELECT
        'b' AS side,
        business_date,
        company_id,
        account_id,
        flag,
        state
    FROM b.account_flag
)

SELECT
    f.business_date,
    f.company_id,
    f.flag,
    f.state,
    COUNT(*) FILTER (WHERE f.side = 'a') AS accounts_a,
    COUNT(*) FILTER (WHERE f.side = 'b') AS accounts_b,
    p.currency,
    COALESCE(SUM(p.overdue_functional) FILTER (WHERE f.side = 'a'), 0) AS overdue_functional_a,
    COALESCE(SUM(p.overdue_functional) FILTER (WHERE f.side = 'b'), 0) AS overdue_functional_b
FROM flagged AS f
LEFT JOIN pair AS p
    ON f.business_date = p.business_date AND f.company_id = p.company_id AND f.account_id = p.account_id
GROUP BY f.business_date, f.company_id, f.flag, f.state, p.currency
