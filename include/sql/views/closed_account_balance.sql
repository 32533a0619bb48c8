-- Balances per account of closed months (关账后的客户余额), every version.
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
    r.open_amount,
    r.free_credit,
    r.net_amount,
    r.credit_balance,
    r.disputed_amount,
    r.collectable_amount,
    r.overdue_amount,
    r.not_due,
    r.d1_30,
    r.d31_60,
    r.d61_90,
    r.d91_180,
    r.d181_365,
    r.d366_plus,
    r.max_days_past_due,
    r.as_of
FROM store.month_lock AS l
INNER JOIN store.account_balance AS r
    ON
        l.business_date = r.business_date
        AND l.run_id = r.run_id
        AND l.company_id = r.company_id
