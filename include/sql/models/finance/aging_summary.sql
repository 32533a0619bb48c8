-- One row per measure, scope and bucket, as of the close of books; empty buckets are shown as zero. Totals over
-- currencies are in functional currency at the rate of as-of.
-- materialise: table
WITH aged AS (
    SELECT
        s.scope,
        s.currency,
        k.bucket,
        COALESCE(b.open_amount, 0) AS open_amount,
        COALESCE(b.items, 0) AS items
    FROM scope AS s
    CROSS JOIN policy.bucket AS k
    LEFT JOIN scope_bucket AS b
        ON
            s.company_id = b.company_id
            AND s.dimension = b.dimension
            AND s.member = b.member
            AND s.currency = b.currency
            AND s.is_total = b.is_total
            AND k.bucket = b.bucket
            AND b.closed_on = $as_of
)

SELECT
    'open_amount' AS name,
    scope,
    bucket,
    open_amount AS value,
    currency AS unit
FROM aged
UNION ALL
SELECT
    'items' AS name,
    scope,
    bucket,
    items AS value,
    'items' AS unit
FROM aged
