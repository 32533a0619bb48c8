-- One row per measure, company, currency and bucket, as of the close of books; empty buckets are shown as zero.
-- materialise: table
WITH bucket AS (
    SELECT DISTINCT bucket
    FROM policy.day
),

part AS (
    SELECT
        company_id,
        currency,
        bucket,
        SUM(open_amount) AS open_amount,
        COUNT(*) AS items
    FROM open_item
    GROUP BY company_id, currency, bucket
),

pair AS (
    SELECT DISTINCT
        company_id,
        currency
    FROM part
)

SELECT
    'open_amount' AS name,
    'company/' || w.company_id || '/currency/' || w.currency AS scope,
    b.bucket,
    COALESCE(p.open_amount, 0) AS value,
    w.currency AS unit
FROM pair AS w
CROSS JOIN bucket AS b
LEFT JOIN part AS p ON w.company_id = p.company_id AND w.currency = p.currency AND b.bucket = p.bucket
UNION ALL
SELECT
    'items' AS name,
    'company/' || w.company_id || '/currency/' || w.currency AS scope,
    b.bucket,
    COALESCE(p.items, 0) AS value,
    'items' AS unit
FROM pair AS w
CROSS JOIN bucket AS b
LEFT JOIN part AS p ON w.company_id = p.company_id AND w.currency = p.currency AND b.bucket = p.bucket
