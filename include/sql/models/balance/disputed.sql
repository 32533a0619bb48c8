-- One row per instalment in dispute: the disputed part of its document, capped at what is owed, oldest due date
-- first (domain rule 7). A dispute without amount means all of the document.
-- materialise: table
WITH pool AS (
    SELECT
        company_id,
        document_id,
        CASE WHEN COUNT(*) = COUNT(amount) THEN SUM(amount) END AS amount
    FROM ledger.dispute
    WHERE opened_on <= $as_of AND (resolved_on IS NULL OR resolved_on > $as_of)
    GROUP BY company_id, document_id
),

queue AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.net_amount,
        p.amount AS pool_amount,
        SUM(i.net_amount) OVER (
            PARTITION BY i.company_id, i.document_id ORDER BY i.due_on, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS net_through
    FROM net_item AS i
    INNER JOIN pool AS p ON i.company_id = p.company_id AND i.document_id = p.document_id
)

SELECT
    company_id,
    document_id,
    seq,
    CASE
        WHEN pool_amount IS NULL THEN net_amount
        ELSE LEAST(net_amount, pool_amount - (net_through - net_amount))
    END AS amount
FROM queue
WHERE net_amount > 0 AND (pool_amount IS NULL OR net_through - net_amount < pool_amount)
