-- One row per account that was sent a statement (对账函): the newest one, and the last answer to it so far.
-- What came back by another way than our mail is an answer too.
-- materialise: table
WITH asked AS (
    SELECT
        s.company_id,
        s.account_id,
        s.number,
        s.cut_off,
        s.sent_on,
        r.outcome,
        r.received_on,
        r.currency,
        r.stated_amount,
        r.shown_amount,
        r.document_id,
        ROW_NUMBER() OVER (
            PARTITION BY s.company_id, s.account_id ORDER BY s.cut_off DESC, s.approved_at DESC, s.number DESC
        ) AS place
    FROM ledger.statement AS s
    LEFT JOIN ledger.statement_reply AS r
        ON
            s.company_id = r.company_id
            AND s.account_id = r.account_id
            AND s.number = r.number
            AND r.received_on <= $as_of
    WHERE s.cut_off <= $as_of AND (s.sent_on <= $as_of OR r.outcome IS NOT NULL)
)

SELECT
    company_id,
    account_id,
    number,
    cut_off,
    sent_on,
    outcome,
    received_on,
    currency,
    stated_amount,
    shown_amount,
    document_id
FROM asked
WHERE place = 1
