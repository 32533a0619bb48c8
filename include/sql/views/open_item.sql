-- Every instalment with something open (未清项), one row per instalment and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.document_id,
    r.seq,
    r.account_id,
    r.currency,
    r.due_on,
    r.amount,
    r.open_amount,
    r.net_amount,
    r.disputed_amount,
    r.collectable_amount,
    r.days_past_due,
    r.days_past_due_as_of,
    r.stage,
    r.bucket,
    r.is_retention,
    r.as_of
FROM store.published AS p
INNER JOIN store.open_item AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
