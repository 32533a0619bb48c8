-- Amounts of finance add up: what all segments have, and what all reps have, is what the company has, in every currency
-- and in the functional one, exactly.
WITH told AS (
    SELECT
        name,
        company_id,
        currency,
        is_total,
        "window",
        SUM(CASE WHEN dimension = 'company' THEN value ELSE 0 END) AS company_amount,
        SUM(CASE WHEN dimension = 'segment' THEN value ELSE 0 END) AS segment_amount,
        SUM(CASE WHEN dimension = 'rep' THEN value ELSE 0 END) AS rep_amount
    FROM metric
    WHERE unit = currency AND closed_on = $as_of
    GROUP BY name, company_id, currency, is_total, "window"
)

SELECT *
FROM told
WHERE segment_amount <> company_amount OR rep_amount <> company_amount
