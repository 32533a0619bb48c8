-- Accounts with money open that somebody else works on today (代班与交接); without works_rep_id nobody does.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.account_id,
    r.rep_id,
    r.works_rep_id,
    r.cause,
    r.until_on,
    r.as_of
FROM store.published AS p
INNER JOIN store.handover AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
