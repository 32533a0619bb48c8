-- Loss allowance (坏账准备): matrix and single customers.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.portfolio,
    r.currency,
    r.bucket,
    r.account_id,
    r.exposure,
    r.applied_rate,
    r.amount,
    r.amount_functional,
    r.rule_id,
    r.as_of
FROM store.published AS p
INNER JOIN store.provision AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
