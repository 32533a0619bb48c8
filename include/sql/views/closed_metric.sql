-- Figures of closed months in long form (关账后的指标), every version: as of the month's last day.
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
    r.name,
    r.scope,
    r.dimension,
    r.member,
    r.currency,
    r.is_total,
    r.closed_on,
    r."window",
    r.value,
    r.unit,
    r.numerator,
    r.denominator,
    r.note
FROM store.month_lock AS l
INNER JOIN store.metric AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
        AND r.closed_on = l.business_date - 1
