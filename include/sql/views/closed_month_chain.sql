-- Closed months beside the month before (关账衔接): what each was opened with, and what the one before was closed on.
-- Newest versions of both, and only months that follow each other. What is booked late into a closed month shows here.
-- column figure: receivables (roll-forward, 应收余额) or allowance (loss allowance, 坏账准备).
-- column is_total: All currencies together in the functional one, of the allowance only.
-- column previous_version: Version of the month before.
-- column closed_with: What the month before was closed on.
-- column opened_with: What this month was opened with.
-- column difference: opened_with − closed_with; 0 where the months tie.
WITH balances AS (
    SELECT
        company_id,
        month,
        'receivables' AS figure,
        currency,
        false AS is_total,
        opening,
        closing
    FROM collections.closed_month_balance
    WHERE is_latest
    UNION ALL
    SELECT
        company_id,
        month,
        'allowance' AS figure,
        currency,
        is_total,
        opening,
        closing
    FROM collections.closed_provision_movement
    WHERE is_latest
),

pairs AS (
    SELECT
        l.company_id,
        l.month,
        l.version,
        p.month AS previous_month,
        p.version AS previous_version
    FROM collections.month_lock AS l
    INNER JOIN collections.month_lock AS p
        ON l.company_id = p.company_id AND l.month = (p.month + interval '1 month')::date
    WHERE l.is_latest AND p.is_latest
),

ends AS (
    SELECT
        p.company_id,
        p.month,
        p.version,
        p.previous_version,
        b.figure,
        b.currency,
        b.is_total,
        CASE WHEN b.month = p.previous_month THEN b.closing ELSE 0 END AS closed_with,
        CASE WHEN b.month = p.month THEN b.opening ELSE 0 END AS opened_with
    FROM pairs AS p
    INNER JOIN balances AS b
        ON p.company_id = b.company_id AND b.month IN (p.month, p.previous_month)
)

SELECT
    company_id,
    month,
    version,
    previous_version,
    figure,
    currency,
    is_total,
    SUM(closed_with)::numeric(28, 4) AS closed_with,
    SUM(opened_with)::numeric(28, 4) AS opened_with,
    (SUM(opened_with) - SUM(closed_with))::numeric(28, 4) AS difference
FROM ends
GROUP BY company_id, month, version, previous_version, figure, currency, is_total
