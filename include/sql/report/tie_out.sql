SELECT
    currency,
    ledger_balance,
    quarantined,
    control_balance,
    difference,
    state
FROM night.tie_out
WHERE company_id = $company
ORDER BY currency
