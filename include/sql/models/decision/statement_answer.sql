-- One row per account that has answered a statement (对账回函): the last answer so far, whichever statement it is about.
-- That a statement could not be delivered is none, and neither is a later statement that nobody has answered yet.
-- materialise: table
WITH answered AS (
    SELECT
        r.company_id,
        r.account_id,
        r.number,
        r.outcome,
        r.received_on,
        r.currency,
        r.document_id,
        ROW_NUMBER() OVER (
            PARTITION BY r.company_id, r.account_id ORDER BY r.received_on DESC, s.cut_off DESC, r.number DESC
        ) AS place
    FROM ledger.statement_reply AS r
    INNER JOIN ledger.statement AS s
        ON r.company_id = s.company_id AND r.account_id = s.account_id AND r.number = s.number
    WHERE r.outcome IN ('confirmed', 'differs') AND r.received_on <= $as_of
)

SELECT
    company_id,
    account_id,
    number,
    outcome,
    received_on,
    currency,
    document_id
FROM answered
WHERE place = 1
