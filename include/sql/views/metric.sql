-- Figures of finance in long form (指标): tonight and the month ends before, as known each night.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.name,
    r.scope,
    r.company_id,
    r.dimension,
    r.member,
    r.currency,
    r.is_total,
    r.closed_on,
    r."window",
    r.value,
    r.unit,
    r.numerator,
    r.denominator,
    r.note,
    r.as_of
FROM store.published AS p
INNER JOIN store.metric AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
