-- What the closes say was open at as-of is what the night itself found open, instalment by instalment; and what the
-- roll-forward leaves as free credit is the free credit of the balances.
WITH tonight AS (
    SELECT *
    FROM close_item
    WHERE closed_on = $as_of
),

item AS (
    SELECT
        COALESCE(c.company_id, o.company_id) AS company_id,
        COALESCE(c.document_id, o.document_id) AS subject,
        COALESCE(c.open_amount, 0) AS found_amount,
        COALESCE(o.open_amount, 0) AS expected_amount
    FROM tonight AS c
    FULL OUTER JOIN open_item AS o
        ON
            c.company_id = o.company_id
            AND c.document_id = o.document_id
            AND c.seq = o.seq
            AND c.bucket = o.bucket
),

credit AS (
    SELECT
        m.company_id,
        m.currency AS subject,
        m.free_credit AS found_amount,
        COALESCE(SUM(b.free_credit), 0) AS expected_amount
    FROM month_balance AS m
    LEFT JOIN account_balance AS b ON m.company_id = b.company_id AND m.currency = b.currency
    WHERE m.closed_on = $as_of
    GROUP BY m.company_id, m.currency, m.free_credit
)

SELECT * FROM item
WHERE found_amount <> expected_amount
UNION ALL
SELECT * FROM credit
WHERE found_amount <> expected_amount
