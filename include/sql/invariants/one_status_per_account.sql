-- Every account of the ledger has exactly one stage and one grade.
SELECT
    a.company_id,
    a.account_id,
    COUNT(s.stage) AS stages
FROM ledger.account AS a
LEFT JOIN account_status AS s ON a.company_id = s.company_id AND a.account_id = s.account_id
GROUP BY a.company_id, a.account_id
HAVING COUNT(s.stage) <> 1 OR COUNT(s.risk_grade) <> 1
