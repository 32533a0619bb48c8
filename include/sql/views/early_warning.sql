-- Early warnings (预警), one row per account, warning and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.warning,
    r.since,
    r.rule_id,
    r.as_of
FROM store.published AS p
INNER JOIN store.early_warning AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
