-- What became of each promise (承诺履行), one row per promise and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.promise_id,
    r.account_id,
    r.state,
    r.received_amount,
    r.level,
    r.amount,
    r.currency,
    r.promised_for,
    r.as_of
FROM store.published AS p
INNER JOIN store.promise_status AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
