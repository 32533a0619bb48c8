-- One row per company and currency: the last rate on or before as-of into the functional currency.
-- materialise: table
WITH dated AS (
    SELECT
        c.company_id,
        f.from_currency AS currency,
        f.rate,
        ROW_NUMBER() OVER (PARTITION BY c.company_id, f.from_currency ORDER BY f.on_date DESC) AS age
    FROM ledger.fx_rate AS f
    INNER JOIN ledger.company AS c
        ON f.to_currency = c.functional_currency AND f.from_currency <> c.functional_currency
    WHERE f.on_date <= $as_of
)

SELECT
    company_id,
    currency,
    rate
FROM dated
WHERE age = 1
UNION ALL
SELECT
    company_id,
    functional_currency AS currency,
    CAST(1 AS DECIMAL(18, 8)) AS rate
FROM ledger.company
