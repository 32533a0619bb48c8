-- One row per account that ever paid: when last, how often in the long window, and its usual gap between two days with
-- money (付款节奏).
-- materialise: table
WITH day AS (
    SELECT
        r.company_id,
        r.account_id,
        r.received_on,
        r.received_on > w.long_from AS is_counted,
        COUNT(*) AS receipts
    FROM ledger.receipt AS r
    CROSS JOIN policy.look_back AS w
    WHERE r.received_on <= $as_of
    GROUP BY r.company_id, r.account_id, r.received_on, w.long_from
),

total AS (
    SELECT
        company_id,
        account_id,
        MAX(received_on) AS last_received_on,
        COALESCE(SUM(receipts) FILTER (WHERE is_counted), 0) AS receipts_count,
        COUNT(*) FILTER (WHERE is_counted) AS days,
        DATE_DIFF('day', MIN(received_on) FILTER (WHERE is_counted), MAX(received_on) FILTER (WHERE is_counted)) AS span
    FROM day
    GROUP BY company_id, account_id
)

SELECT
    company_id,
    account_id,
    last_received_on,
    receipts_count,
    DATE_DIFF('day', last_received_on, $as_of) AS days_since_receipt,
    CASE WHEN days > 1 THEN ROUND(CAST(span AS DOUBLE) / CAST(days - 1 AS DOUBLE), 2) END AS usual_gap_days
FROM total
