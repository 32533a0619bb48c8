-- Which customers owe most above their limit?
-- 哪些客户超出信用额度最多？
SELECT
    a.name,
    s.exposure_functional,
    s.credit_limit,
    c.functional_currency AS currency,
    s.exposure_functional - s.credit_limit AS above_limit
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY company_id ORDER BY exposure_functional - credit_limit DESC) AS place
    FROM account_status
    WHERE business_date = $business_date AND is_over_limit
) AS s
INNER JOIN account AS a USING (business_date, company_id, account_id)
INNER JOIN company AS c USING (business_date, company_id)
WHERE s.place <= 5 AND a.business_date = $business_date
ORDER BY a.company_id, s.place
