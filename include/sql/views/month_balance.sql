-- Roll-forward of the receivables ledger (应收账款变动表), one row per company, currency and month, as known each night.
-- Always name the business date: the current run of that night is what you see.
SELECT
    r.business_date,
    r.run_id,
    r.company_id,
    r.currency,
    r.month,
    r.closed_on,
    r.opening,
    r.taken_over,
    r.sales,
    r.credit_notes,
    r.receipts,
    r.write_offs,
    r.closing,
    r.open_amount,
    r.free_credit,
    r.not_due,
    r.d1_30,
    r.d31_60,
    r.d61_90,
    r.d91_180,
    r.d181_365,
    r.d366_plus,
    r.as_of
FROM store.published AS p
INNER JOIN store.month_balance AS r ON p.business_date = r.business_date AND p.run_id = r.run_id
