-- severity: warning
-- stage: 1
-- en: An allocation is not dated before its source or its document.
-- zh: 核销日期不得早于其来源或单据的日期。
-- remedy: Check the dates; the allocation counts from the latest of the three.
SELECT
    a.file_row_number,
    a.allocated_on >= coalesce(a.source_on, a.allocated_on)
    AND a.allocated_on >= coalesce(a.document_on, a.allocated_on) AS is_ok
FROM facts.allocation AS a
