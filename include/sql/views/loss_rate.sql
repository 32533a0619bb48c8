-- Expected loss per portfolio and bucket (预期信用损失率).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.portfolio,
    r.bucket,
    r.reached_amount,
    r.moved_amount,
    r.flow_rate,
    r.loss_rate,
    r.forward_factor,
    r.applied_rate,
    r.basis,
    r.as_of
FROM store.published AS p
INNER JOIN store.loss_rate AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
