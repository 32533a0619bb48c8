-- The customer (客户) as the ledger knows it, what it owes in functional currency, and whether it owes anything.
SELECT
    w.company_id,
    w.account_id,
    a.name,
    COALESCE(a.status, 'active') AS status,
    a.locale,
    a.country,
    s.exposure_functional,
    COALESCE(b.owes, FALSE) AS owes,
    a.do_not_contact_until
FROM wanted AS w
INNER JOIN ledger.account AS a ON w.company_id = a.company_id AND w.account_id = a.account_id
LEFT JOIN night.account_status AS s ON w.company_id = s.company_id AND w.account_id = s.account_id
LEFT JOIN (
    SELECT
        company_id,
        account_id,
        BOOL_OR(open_amount > free_credit) AS owes
    FROM night.account_balance
    GROUP BY company_id, account_id
) AS b ON w.company_id = b.company_id AND w.account_id = b.account_id
