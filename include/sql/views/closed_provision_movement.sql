-- Movement of the loss allowance of closed months (关账后的坏账准备变动), every version.
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
    r.is_total,
    r.opening,
    r.charge,
    r.release,
    r.write_off,
    r.recovery,
    r.fx,
    r.closing,
    r.written_off_ever,
    r.recovered_ever,
    r.as_of
FROM store.month_lock AS l
INNER JOIN store.provision_movement AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
        AND l.month = r.month
