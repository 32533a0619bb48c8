-- One row per instalment that free credit of its account and currency covers, most overdue first (domain rule 4).
-- materialise: table
WITH queue AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.account_id,
        i.currency,
        i.open_amount - COALESCE(k.amount, 0) AS rest_amount,
        f.unlinked_amount AS pool_amount,
        SUM(i.open_amount - COALESCE(k.amount, 0)) OVER (
            PARTITION BY i.company_id, i.account_id, i.currency ORDER BY i.due_on, i.document_id, i.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS rest_through
    FROM open_before_credit AS i
    INNER JOIN free_credit AS f
        ON
            i.company_id = f.company_id
            AND i.account_id = f.account_id
            AND i.currency = f.currency
            AND f.unlinked_amount > 0
    LEFT JOIN linked_credit AS k
        ON i.company_id = k.company_id AND i.document_id = k.document_id AND i.seq = k.seq
)

SELECT
    company_id,
    document_id,
    seq,
    account_id,
    currency,
    LEAST(rest_amount, pool_amount - (rest_through - rest_amount)) AS amount
FROM queue
WHERE rest_amount > 0 AND rest_through - rest_amount < pool_amount
