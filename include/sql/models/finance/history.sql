-- One row per company: the first day of the month in which its ledger shows a sale. What it took over from older books
-- tells nothing about the sales before.
-- materialise: table
SELECT
    company_id,
    CAST(DATE_TRUNC('month', MIN(on_date)) AS DATE) AS begins_on
FROM part_flow
WHERE sales > 0
GROUP BY company_id
