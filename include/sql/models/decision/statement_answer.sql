-- One row per account that has answered a statement (对账回函): the last answer so far, whichever statement it is about.
-- That a statement could not be delivered is none, and neither is a later statement that nobody has answered yet, nor
-- the confirmation of figures that had been replaced before it came.
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
    LEFT JOIN statement_confirmed AS c
        ON r.company_id = c.company_id AND r.account_id = c.account_id AND r.number = c.number
    WHERE r.received_on <= $as_of AND (r.outcome = 'differs' OR c.number IS NOT NULL)
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
