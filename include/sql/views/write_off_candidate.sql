-- What may have to be written off (核销建议), with cause and evidence.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
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
FROM store.published AS p
INNER JOIN store.write_off_candidate AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
