-- Closed months (关账), every version: the close is 1, each later one is a correction with its reason.
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
    l.content_hash,
    l.locked_by,
    l.locked_at,
    l.reason
FROM store.month_lock AS l
