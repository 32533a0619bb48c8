-- Rows of the ledger left out of the night (隔离区), with the rule and the remedy.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.table_name,
    r.row_number,
    r.rule_id,
    r.row,
    r.reason,
    r.as_of
FROM store.published AS p
INNER JOIN store.quarantine AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
