-- Rows about the account that validation left out of the night, and why.
SELECT
    table_name,
    row_number,
    rule_id,
    reason,
    row
FROM published.quarantine
ORDER BY table_name, row_number, rule_id
