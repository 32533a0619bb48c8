-- Roll rates of closed months (关账后的迁徙率), every version.
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
    r.scope,
    r.dimension,
    r.member,
    r.currency,
    r.is_total,
    r."window",
    r.from_bucket,
    r.to_bucket,
    r.from_amount,
    r.amount,
    r.rate,
    r.as_of
FROM store.month_lock AS l
INNER JOIN store.roll_rate AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
