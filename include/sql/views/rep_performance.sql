-- What a rep brings in, and the seller's own part in what is overdue (业务员绩效).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.rep_id,
    r.name,
    r.value,
    r.unit,
    r.benchmark,
    r.is_weak,
    r.advice,
    r.as_of
FROM store.published AS p
INNER JOIN store.rep_performance AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
