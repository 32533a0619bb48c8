-- One row per account of the ledger, with what the rules take for granted where the ledger says nothing.
-- materialise: table
SELECT
    a.company_id,
    a.account_id,
    a.name,
    s.segment,
    COALESCE(a.orientation, 'collection_led') AS orientation,
    a.rep_id,
    COALESCE(a.status, 'active') AS status,
    a.country,
    a.parent_account_id
FROM ledger.account AS a
INNER JOIN account_scope AS s ON a.company_id = s.company_id AND a.account_id = s.account_id
