-- One row per open instalment of a customer with open promises: how much of it they cover, so that nobody asks for it
-- again (rule 9). A promise about a document covers that document; one for the account covers what is left. The oldest
-- due date comes first in both.
-- materialise: table
WITH promised AS (
    SELECT
        company_id,
        account_id,
        currency,
        COALESCE(document_id, '') AS document_id,
        SUM(GREATEST(amount - received_since_amount, 0)) AS amount
    FROM promise_status
    WHERE state = 'open'
    GROUP BY company_id, account_id, currency, COALESCE(document_id, '')
),

committed AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(CASE WHEN document_id = '' THEN amount ELSE 0 END) AS amount
    FROM promised
    GROUP BY company_id, account_id, currency
),

item AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.account_id,
        i.currency,
        i.due_on,
        i.days_past_due,
        i.collectable_amount,
        c.amount AS account_amount,
        COALESCE(p.amount, 0) + i.collectable_amount - SUM(i.collectable_amount) OVER (
            PARTITION BY i.company_id, i.document_id
            ORDER BY i.due_on, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS document_amount
    FROM open_item AS i
    INNER JOIN committed AS c
        ON i.company_id = c.company_id AND i.account_id = c.account_id AND i.currency = c.currency
    LEFT JOIN promised AS p
        ON
            i.company_id = p.company_id
            AND i.account_id = p.account_id
            AND i.currency = p.currency
            AND i.document_id = p.document_id
    WHERE i.collectable_amount > 0
),

left_over AS (
    SELECT
        *,
        collectable_amount - GREATEST(LEAST(collectable_amount, document_amount), 0) AS left_amount
    FROM item
),

queued AS (
    SELECT
        *,
        account_amount + left_amount - SUM(left_amount) OVER (
            PARTITION BY company_id, account_id, currency
            ORDER BY due_on, document_id, seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS reached_amount
    FROM left_over
)

SELECT
    company_id,
    document_id,
    seq,
    account_id,
    currency,
    due_on,
    days_past_due,
    collectable_amount - left_amount + GREATEST(LEAST(left_amount, reached_amount), 0) AS promised_amount
FROM queued
