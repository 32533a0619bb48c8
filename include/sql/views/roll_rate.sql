-- How money moves between buckets from month end to month end (迁徙率).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.scope,
    r.company_id,
    r.dimension,
    r.member,
    r.currency,
    r.is_total,
    r."window",
    r.from_bucket,
    r.to_bucket,
    r.from_amount,
    r.amount,
    r.rate,
    r.as_of
FROM store.published AS p
INNER JOIN store.roll_rate AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
