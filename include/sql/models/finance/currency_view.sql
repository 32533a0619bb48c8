-- One row per company and currency, and each way to state its amounts: in itself (rate 1), and in the functional
-- currency, together with the others, at the rate of as-of. A company of which a rate is missing has no total (rule 6).
-- materialise: table
WITH pair AS (
    SELECT DISTINCT
        company_id,
        currency
    FROM part_flow
),

whole AS (
    SELECT p.company_id
    FROM pair AS p
    LEFT JOIN company_rate AS r ON p.company_id = r.company_id AND p.currency = r.currency
    GROUP BY p.company_id
    HAVING COUNT(*) = COUNT(r.rate)
)

SELECT
    company_id,
    currency AS from_currency,
    currency,
    FALSE AS is_total,
    CAST(1 AS DECIMAL(18, 8)) AS rate
FROM pair
UNION ALL
SELECT
    p.company_id,
    p.currency AS from_currency,
    c.functional_currency AS currency,
    TRUE AS is_total,
    r.rate
FROM pair AS p
INNER JOIN whole AS w ON p.company_id = w.company_id
INNER JOIN ledger.company AS c ON p.company_id = c.company_id
INNER JOIN company_rate AS r ON p.company_id = r.company_id AND p.currency = r.currency
