-- Who owes most in each company, and how late?
-- 各公司谁欠得最多，逾期多久？
SELECT
    a.name,
    s.overdue_functional,
    c.functional_currency AS currency,
    s.business_date - s.oldest_due_on AS days_late,
    s.stage,
    a.rep_id
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY company_id ORDER BY overdue_functional DESC) AS place
    FROM account_status
    WHERE business_date = $business_date AND overdue_functional > 0
) AS s
INNER JOIN account AS a USING (business_date, company_id, account_id)
INNER JOIN company AS c USING (business_date, company_id)
WHERE s.place <= 5 AND a.business_date = $business_date
ORDER BY a.company_id, s.place
