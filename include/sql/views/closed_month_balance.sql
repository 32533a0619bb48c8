-- Roll-forward of closed months (关账后的变动表), every version: the row of the month that was closed.
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
    r.closed_on,
    r.opening,
    r.taken_over,
    r.sales,
    r.credit_notes,
    r.receipts,
    r.write_offs,
    r.closing,
    r.open_amount,
    r.free_credit,
    r.not_due,
    r.d1_30,
    r.d31_60,
    r.d61_90,
    r.d91_180,
    r.d181_365,
    r.d366_plus
FROM store.month_lock AS l
INNER JOIN store.month_balance AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
        AND l.month = r.month
