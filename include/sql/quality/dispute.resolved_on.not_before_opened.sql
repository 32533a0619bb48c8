-- severity: warning
-- stage: 0
-- en: A dispute is not resolved before it is opened.
-- zh: 争议解决日不得早于提出日。
-- remedy: Correct one of the two dates; until then the dispute counts as resolved.
SELECT
    t.file_row_number,
    t.resolved_on >= t.opened_on AS is_ok
FROM counted.dispute AS t
