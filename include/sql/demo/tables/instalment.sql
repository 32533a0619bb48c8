SELECT
    customer.company_id,
    document_id(customer.account_id, month_of(item.d), CAST(item.d % 1000 AS VARCHAR)) AS document_id,
    CAST(item.seq AS BIGINT) AS seq,
    item.due_on,
    money(item.cents) AS amount,
    item.is_retention
FROM item
INNER JOIN customer ON item.n = customer.n
WHERE
    item.plan <> 'single'
    AND item.issued_on <= getvariable('through')
    AND item.d IN (SELECT kept.d FROM kept)
