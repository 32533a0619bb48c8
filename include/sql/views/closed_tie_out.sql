-- Ties to the general ledger of closed months (关账后的总账核对), every version.
-- Read is_latest for the figures that hold; a version never changes, whatever is run later.
-- column is_latest: Whether no later version of this month exists.
SELECT
    l.company_id,
    l.month,
    l.version,
    NOT EXISTS (
        SELECT 1 FROM store.month_lock AS n
        WHERE n.company_id = l.company_id AND n.month = l.month AND n.version > l.version
    ) AS is_latest,
    l.business_date,
    l.run_id,
    r.currency,
    r.open_amount,
    r.free_credit,
    r.ledger_balance,
    r.quarantined,
    r.control_balance,
    r.difference,
    r.state,
    r.as_of
FROM store.month_lock AS l
INNER JOIN store.tie_out AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
