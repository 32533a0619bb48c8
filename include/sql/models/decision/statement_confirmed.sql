-- One row per statement that its customer confirmed (对账回函): the answer counts unless other figures of the same
-- cut-off, approved later, had arrived before it came, or been approved where nothing says that they were delivered.
-- materialise: view
SELECT
    r.company_id,
    r.account_id,
    r.number,
    r.received_on,
    r.uri
FROM ledger.statement_reply AS r
INNER JOIN ledger.statement AS s
    ON r.company_id = s.company_id AND r.account_id = s.account_id AND r.number = s.number
WHERE
    r.outcome = 'confirmed'
    AND r.received_on <= $as_of
    AND NOT EXISTS (
        SELECT 1 FROM ledger.statement AS n
        WHERE
            n.company_id = s.company_id
            AND n.account_id = s.account_id
            AND n.cut_off = s.cut_off
            AND n.approved_at > s.approved_at
            AND COALESCE(n.sent_on, n.approved_on) <= r.received_on
    )
