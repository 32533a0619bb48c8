-- One row per account: the parts of its company that figures are told by. The rep is the one in charge today; figures
-- of earlier months follow the account to whoever has it now.
-- materialise: table
SELECT
    a.company_id,
    a.account_id,
    s.segment,
    COALESCE(a.rep_id, '') AS rep_id
FROM ledger.account AS a
INNER JOIN account_scope AS s ON a.company_id = s.company_id AND a.account_id = s.account_id
