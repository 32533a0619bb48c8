-- One row per account: its segment, and the variant of the policy that holds for it; overrides that name company and
-- segment come before those that name one of them.
-- materialise: table
SELECT
    a.company_id,
    a.account_id,
    COALESCE(a.segment, 'standard') AS segment,
    COALESCE(b.variant, c.variant, s.variant, 0) AS variant
FROM ledger.account AS a
LEFT JOIN policy.scope AS b
    ON a.company_id = b.company_id AND COALESCE(a.segment, 'standard') = b.segment
LEFT JOIN policy.scope AS c ON a.company_id = c.company_id AND c.segment = ''
LEFT JOIN policy.scope AS s ON s.company_id = '' AND COALESCE(a.segment, 'standard') = s.segment
