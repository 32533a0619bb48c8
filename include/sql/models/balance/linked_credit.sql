-- One row per instalment that a credit note naming its document reduces, oldest due date first (domain rule 4).
-- A note that names a document of another account or currency is not linked: it is free credit of its own account.
-- materialise: table
WITH pool AS (
    SELECT
        company_id,
        account_id,
        currency,
        references_document_id AS document_id,
        SUM(amount) AS amount
    FROM credit
    WHERE references_document_id IS NOT NULL
    GROUP BY company_id, account_id, currency, references_document_id
),

queue AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.account_id,
        i.currency,
        i.open_amount,
        p.amount AS pool_amount,
        SUM(i.open_amount) OVER (
            PARTITION BY i.company_id, i.document_id ORDER BY i.due_on, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS open_through
    FROM open_before_credit AS i
    INNER JOIN pool AS p
        ON
            i.company_id = p.company_id
            AND i.document_id = p.document_id
            AND i.account_id = p.account_id
            AND i.currency = p.currency
)

SELECT
    company_id,
    document_id,
    seq,
    account_id,
    currency,
    LEAST(open_amount, pool_amount - (open_through - open_amount)) AS amount
FROM queue
WHERE open_through - open_amount < pool_amount
