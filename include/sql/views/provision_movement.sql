-- Movement of the loss allowance in the month (坏账准备变动表).
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.currency,
    r.is_total,
    r.month,
    r.opening,
    r.charge,
    r.release,
    r.write_off,
    r.recovery,
    r.fx,
    r.closing,
    r.written_off_ever,
    r.recovered_ever,
    r.as_of
FROM store.published AS p
INNER JOIN store.provision_movement AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
