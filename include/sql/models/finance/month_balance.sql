-- One row per company, currency and month: the roll-forward of the receivables ledger, and the ageing at its close.
-- Each month opens with what the month before closed with; the last one ends at as-of.
-- materialise: table
WITH aged AS (
    SELECT
        company_id,
        currency,
        closed_on,
        SUM(CASE WHEN bucket = 'not_due' THEN open_amount ELSE 0 END) AS not_due,
        SUM(CASE WHEN bucket = 'd1_30' THEN open_amount ELSE 0 END) AS d1_30,
        SUM(CASE WHEN bucket = 'd31_60' THEN open_amount ELSE 0 END) AS d31_60,
        SUM(CASE WHEN bucket = 'd61_90' THEN open_amount ELSE 0 END) AS d61_90,
        SUM(CASE WHEN bucket = 'd91_180' THEN open_amount ELSE 0 END) AS d91_180,
        SUM(CASE WHEN bucket = 'd181_365' THEN open_amount ELSE 0 END) AS d181_365,
        SUM(CASE WHEN bucket = 'd366_plus' THEN open_amount ELSE 0 END) AS d366_plus
    FROM part_close
    GROUP BY company_id, currency, closed_on
)

SELECT
    s.company_id,
    s.currency,
    c.month,
    s.closed_on,
    s.opening,
    s.taken_over,
    s.sales,
    s.credit_notes,
    s.receipts,
    s.write_offs,
    s.closing,
    s.open_amount,
    s.free_credit,
    COALESCE(a.not_due, 0) AS not_due,
    COALESCE(a.d1_30, 0) AS d1_30,
    COALESCE(a.d31_60, 0) AS d31_60,
    COALESCE(a.d61_90, 0) AS d61_90,
    COALESCE(a.d91_180, 0) AS d91_180,
    COALESCE(a.d181_365, 0) AS d181_365,
    COALESCE(a.d366_plus, 0) AS d366_plus
FROM scope_close AS s
INNER JOIN policy.close_day AS c ON s.closed_on = c.closed_on
LEFT JOIN aged AS a
    ON s.company_id = a.company_id AND s.currency = a.currency AND s.closed_on = a.closed_on
WHERE s.dimension = 'company' AND NOT s.is_total AND s."window" = 'mtd'
