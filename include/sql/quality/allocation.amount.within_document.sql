-- severity: critical
-- stage: 3
-- en: The allocations to a document do not add up to more than it.
-- zh: 同一单据的核销合计不得超过单据金额。
-- remedy: Reverse the allocation that settles more than was open; the earliest ones, by date and id, were kept. The money stays free credit.
-- why: only the latest ones that overshoot are at fault; allocations above their source were taken out before.
WITH settled AS (
    SELECT
        a.document_row,
        any_value(a.document_amount) AS document_amount
    FROM facts.allocation AS a
    SEMI JOIN counted.allocation AS c ON a.file_row_number = c.file_row_number
    WHERE a.is_in_force
    GROUP BY a.document_row
    HAVING sum(a.amount) > any_value(a.document_amount)
)

SELECT
    a.file_row_number,
    sum(a.amount) OVER (
        PARTITION BY a.document_row
        ORDER BY a.allocated_on, a.allocation_id, a.file_row_number
    ) <= s.document_amount AS is_ok
FROM facts.allocation AS a
SEMI JOIN counted.allocation AS c ON a.file_row_number = c.file_row_number
INNER JOIN settled AS s ON a.document_row = s.document_row
WHERE a.is_in_force
