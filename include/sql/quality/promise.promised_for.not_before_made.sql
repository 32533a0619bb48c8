-- severity: warning
-- stage: 0
-- en: A promise is not made for a day before it is made.
-- zh: 承诺付款日不得早于承诺日。
-- remedy: Correct one of the two dates; until then the promise is judged on the day it names.
SELECT
    p.file_row_number,
    p.promised_for >= p.made_on AS is_ok
FROM counted.promise AS p
