-- severity: critical
-- stage: 2
-- en: The allocations of a receipt or credit note do not add up to more than it.
-- zh: 同一来源的核销合计不得超过来源金额。
-- remedy: Reverse the allocation that takes more than was left; the earliest ones, by date and id, were kept.
-- why: only the latest ones that overshoot are at fault; those before them are covered by the source.
WITH here AS (
    SELECT a.*
    FROM facts.allocation AS a
    ANTI JOIN left_out.allocation AS x ON a.file_row_number = x.row_number
    WHERE a.is_in_force AND a.source_row IS NOT NULL
),

overdrawn AS (
    SELECT
        h.source_kind,
        h.source_row
    FROM here AS h
    GROUP BY h.source_kind, h.source_row
    HAVING sum(h.amount) > any_value(h.source_amount)
)

SELECT
    h.file_row_number,
    sum(h.amount) OVER (
        PARTITION BY h.source_kind, h.source_row
        ORDER BY h.allocated_on, r.allocation_id
    ) <= h.source_amount AS is_ok
FROM here AS h
SEMI JOIN overdrawn AS o ON h.source_kind = o.source_kind AND h.source_row = o.source_row
INNER JOIN raw.allocation AS r ON h.file_row_number = r.file_row_number
