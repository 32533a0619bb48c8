-- severity: warning
-- stage: 1
-- en: An allocation is not dated before its source or its document.
-- zh: 核销日期不得早于其来源或单据的日期。
-- remedy: Check the dates; the allocation counts from the latest of the three.
SELECT
    a.file_row_number,
    NOT a.is_early AS is_ok
FROM facts.allocation AS a
