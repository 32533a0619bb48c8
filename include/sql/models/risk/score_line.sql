-- One row per account and component of the scorecard: the fact, its band and its points.
-- materialise: table
WITH fact AS (
    SELECT
        company_id,
        account_id,
        'days_past_due' AS component,
        'known' AS state,
        CAST(days_past_due AS DECIMAL(18, 4)) AS fact_value
    FROM account_fact
    UNION ALL
    SELECT
        company_id,
        account_id,
        'overdue_share_pct' AS component,
        CASE WHEN overdue_share_pct IS NULL THEN 'unknown' ELSE 'known' END AS state,
        overdue_share_pct AS fact_value
    FROM account_fact
    UNION ALL
    SELECT
        company_id,
        account_id,
        'limit_used_pct' AS component,
        CASE WHEN is_blocked THEN 'blocked' WHEN limit_used_pct IS NULL THEN 'unknown' ELSE 'known' END AS state,
        limit_used_pct AS fact_value
    FROM account_fact
    UNION ALL
    SELECT
        company_id,
        account_id,
        'days_late_weighted' AS component,
        CASE WHEN days_late_weighted IS NULL THEN 'unknown' ELSE 'known' END AS state,
        CAST(days_late_weighted AS DECIMAL(18, 4)) AS fact_value
    FROM account_fact
    UNION ALL
    SELECT
        company_id,
        account_id,
        'broken_promises' AS component,
        'known' AS state,
        CAST(broken_promises AS DECIMAL(18, 4)) AS fact_value
    FROM account_fact
    UNION ALL
    SELECT
        company_id,
        account_id,
        'disputed_share_pct' AS component,
        CASE WHEN disputed_share_pct IS NULL THEN 'unknown' ELSE 'known' END AS state,
        disputed_share_pct AS fact_value
    FROM account_fact
)

SELECT
    f.company_id,
    f.account_id,
    f.component,
    f.state,
    f.fact_value,
    b.points,
    b.threshold
FROM fact AS f
INNER JOIN policy.score_band AS b
    ON
        f.component = b.component
        AND f.state = b.state
        AND (
            f.state <> 'known'
            OR ((b.over IS NULL OR f.fact_value > b.over) AND (b.up_to IS NULL OR f.fact_value <= b.up_to))
        )
