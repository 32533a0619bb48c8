SELECT
    customer.company_id,
    DOCUMENT_ID(customer.account_id, MONTH_OF(item.d), CAST(item.d % 1000 AS VARCHAR)) AS document_id,
    CAST(item.seq AS BIGINT) AS seq,
    item.due_on,
    MONEY(item.cents) AS amount,
    item.is_retention
FROM item
INNER JOIN customer ON item.n = customer.n
WHERE
    item.plan <> 'single'
    AND item.issued_on <= GETVARIABLE('through')
    AND item.d IN (SELECT kept.d FROM kept)
