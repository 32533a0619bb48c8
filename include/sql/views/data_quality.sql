-- Result of every rule on the ledger of the night (数据质量).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.rule_id,
    r.severity,
    r.table_name,
    r.failed_count,
    r.total_count,
    r.description,
    r.as_of
FROM store.published AS p
INNER JOIN store.data_quality AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
