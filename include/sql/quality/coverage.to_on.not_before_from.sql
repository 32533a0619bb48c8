-- severity: warning
-- stage: 0
-- en: A coverage does not end before it begins.
-- zh: 代班结束日不得早于开始日。
-- remedy: Correct one of the two dates; until then nobody stands in.
SELECT
    c.file_row_number,
    c.to_on >= c.from_on AS is_ok
FROM counted.coverage AS c
