-- The account of a why page: who it is, who is in charge, and which variant of the policy holds for it.
SELECT
    a.company_id,
    a.account_id,
    a.name,
    c.name AS company_name,
    c.functional_currency,
    c.timezone,
    a.rep_id,
    r.name AS rep_name,
    COALESCE(r.is_active, TRUE) AS is_rep_active,
    r.manager_id,
    s.segment,
    s.variant,
    COALESCE(a.status, 'active') AS status,
    a.credit_limit,
    a.do_not_contact_until
FROM ledger.account AS a
INNER JOIN ledger.company AS c ON a.company_id = c.company_id
INNER JOIN account_scope AS s ON a.company_id = s.company_id AND a.account_id = s.account_id
LEFT JOIN ledger.rep AS r ON a.rep_id = r.rep_id
