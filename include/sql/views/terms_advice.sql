-- Terms of payment to offer each account (账期建议), one row per account and business date.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.business_functional,
    r.terms,
    r.as_of
FROM store.published AS p
INNER JOIN store.terms_advice AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
