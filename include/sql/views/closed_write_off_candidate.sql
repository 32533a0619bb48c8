-- Candidates for write-off of closed months (关账后的核销候选), every version.
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
    r.account_id,
    r.currency,
    r.amount,
    r.provided,
    r.cause,
    r.rule_id,
    r.oldest_due_on,
    r.last_receipt_on,
    r.evidence,
    r.missing,
    r.as_of
FROM store.month_lock AS l
INNER JOIN store.write_off_candidate AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
