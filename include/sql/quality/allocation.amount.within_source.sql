-- severity: critical
-- stage: 2
-- en: The allocations of a receipt or credit note do not add up to more than it.
-- zh: 同一来源的核销合计不得超过来源金额。
-- remedy: Reverse the allocation that takes more than was left; the earliest ones, by date and id, were kept.
-- why: only the latest ones that overshoot are at fault; those before them are covered by the source.
WITH used AS (
    SELECT
        a.source_kind,
        a.source_row,
        any_value(a.source_amount) AS source_amount
    FROM facts.allocation AS a
    SEMI JOIN counted.allocation AS c ON a.file_row_number = c.file_row_number
    WHERE a.is_in_force AND a.source_row IS NOT NULL
    GROUP BY a.source_kind, a.source_row
    HAVING sum(a.amount) > any_value(a.source_amount)
)

SELECT
    a.file_row_number,
    sum(a.amount) OVER (
        PARTITION BY a.source_kind, a.source_row
        ORDER BY a.allocated_on, a.allocation_id, a.file_row_number
    ) <= u.source_amount AS is_ok
FROM facts.allocation AS a
SEMI JOIN counted.allocation AS c ON a.file_row_number = c.file_row_number
INNER JOIN used AS u ON a.source_kind = u.source_kind AND a.source_row = u.source_row
WHERE a.is_in_force
