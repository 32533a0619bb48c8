-- What each customer owes (客户余额), one row per account, currency and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
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
FROM store.published AS p
INNER JOIN store.account_balance AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
