-- Ageing per company, segment, rep and currency (账龄汇总), and of each in functional currency (scope …/total/<code>),
-- as of the close of books.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.name,
    r.scope,
    r.bucket,
    r.value,
    r.unit,
    r.as_of
FROM store.published AS p
INNER JOIN store.aging_summary AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
