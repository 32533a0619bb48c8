-- Root causes of overdue money of closed months (关账后的欠款原因), every version.
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
    r.cause,
    r.accounts,
    r.overdue_amount,
    r.share_pct,
    r.as_of
FROM store.month_lock AS l
INNER JOIN store.root_cause AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
