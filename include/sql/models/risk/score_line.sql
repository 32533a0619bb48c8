-- One row per account and component of the scorecard: the fact, its band and its points.
-- materialise: table
WITH fact AS (
    SELECT
        company_id,
        account_id,
        variant,
        fact AS component,
        CASE
            WHEN fact = 'limit_used_pct' AND is_blocked THEN 'blocked'
            WHEN fact_value IS NULL THEN 'unknown'
            ELSE 'known'
        END AS state,
        fact_value
    FROM fact_value
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
        f.variant = b.variant
        AND f.component = b.component
        AND f.state = b.state
        AND (
            f.state <> 'known'
            OR ((b.over IS NULL OR f.fact_value > b.over) AND (b.up_to IS NULL OR f.fact_value <= b.up_to))
        )
