-- What free credit covers of an instalment, told by the days on which it came, is what lies between its open and its
-- net amount: loss rates and exposure stand on one basis.
WITH told AS (
    SELECT
        company_id,
        document_id,
        seq,
        SUM(amount) AS amount
    FROM covered_line
    GROUP BY company_id, document_id, seq
)

SELECT
    i.company_id,
    i.document_id,
    i.seq,
    i.open_amount,
    i.net_amount,
    t.amount AS covered_amount
FROM net_item AS i
LEFT JOIN told AS t ON i.company_id = t.company_id AND i.document_id = t.document_id AND i.seq = t.seq
WHERE i.open_amount - i.net_amount <> COALESCE(t.amount, 0)
