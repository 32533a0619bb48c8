-- Sub-ledger against general ledger (总账核对), one row per company, currency and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.currency,
    r.open_amount,
    r.free_credit,
    r.ledger_balance,
    r.quarantined,
    r.control_balance,
    r.difference,
    r.state,
    r.as_of
FROM store.published AS p
INNER JOIN store.tie_out AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
