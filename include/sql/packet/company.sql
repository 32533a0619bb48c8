-- The creditor (债权人) of each wanted account.
SELECT
    w.company_id,
    w.account_id,
    c.name,
    c.timezone,
    c.calendar
FROM wanted AS w
INNER JOIN ledger.company AS c ON w.company_id = c.company_id
