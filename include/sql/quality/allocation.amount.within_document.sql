-- severity: critical
-- stage: 3
-- en: The allocations to a document do not add up to more than it.
-- zh: 同一单据的核销合计不得超过单据金额。
-- remedy: Reverse the allocation that settles more than was open; the earliest ones, by date and id, were kept.
--   The money stays free credit.
-- why: only the latest ones that overshoot are at fault; allocations above their source were taken out before.
WITH here AS (
    SELECT a.*
    FROM facts.allocation AS a
    ANTI JOIN left_out.allocation AS x ON a.file_row_number = x.row_number
    WHERE a.is_in_force
),

overdrawn AS (
    SELECT h.document_row
    FROM here AS h
    GROUP BY h.document_row
    HAVING sum(h.amount) > any_value(h.document_amount)
)

SELECT
    h.file_row_number,
    sum(h.amount) OVER (
        PARTITION BY h.document_row
        ORDER BY h.allocated_on, r.allocation_id
    ) <= h.document_amount AS is_ok
FROM here AS h
SEMI JOIN overdrawn AS o ON h.document_row = o.document_row
INNER JOIN raw.allocation AS r ON h.file_row_number = r.file_row_number
