-- What took money off which instalment without a real allocation: receipts laid on the oldest where the ledger has no
-- allocations, credit notes that name its document, and free credit, in this order.
WITH taken AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        i.due_on,
        a.document_id,
        a.seq,
        'receipts' AS consumed_by,
        1 AS place,
        a.amount
    FROM auto_applied AS a
    INNER JOIN ledger_item AS i
        ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
    UNION ALL
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        i.due_on,
        k.document_id,
        k.seq,
        'linked_credit' AS consumed_by,
        2 AS place,
        k.amount
    FROM linked_credit AS k
    INNER JOIN ledger_item AS i
        ON k.company_id = i.company_id AND k.document_id = i.document_id AND k.seq = i.seq
    UNION ALL
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        i.due_on,
        c.document_id,
        c.seq,
        'free_credit' AS consumed_by,
        3 AS place,
        c.amount
    FROM consumed_credit AS c
    INNER JOIN ledger_item AS i
        ON c.company_id = i.company_id AND c.document_id = i.document_id AND c.seq = i.seq
)

SELECT
    t.document_id,
    t.seq,
    d.number,
    t.consumed_by,
    t.currency,
    t.amount
FROM taken AS t
INNER JOIN ledger.account AS a ON t.company_id = a.company_id AND t.account_id = a.account_id
LEFT JOIN ledger.document AS d ON t.company_id = d.company_id AND t.document_id = d.document_id
ORDER BY t.due_on, t.document_id, t.seq, t.place
