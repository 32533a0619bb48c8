-- One row per company, portfolio and bucket: the share of what stands there that is lost in the end. A rate of the
-- policy comes first; else the flow rates from here on are multiplied, up to the first bucket whose history is too
-- short (the last one always is), and with that bucket's fallback; none is below the portfolio's least rate. Nothing is
-- rounded before it meets money.
-- materialise: table
WITH flow AS (
    SELECT
        c.company_id,
        q.portfolio,
        b.bucket,
        b.place,
        q.rate,
        q.fallback_rate,
        q.least_rate,
        q.forward_factor,
        f.reached_amount,
        f.moved_amount,
        CASE
            WHEN f.reached_amount > 0 AND f.reached_amount >= p.min_reached
                THEN CAST(f.moved_amount AS DOUBLE) / CAST(f.reached_amount AS DOUBLE)
        END AS flow_rate
    FROM ledger.company AS c
    CROSS JOIN policy.provision_parameter AS p
    CROSS JOIN policy.portfolio_rate AS q
    INNER JOIN policy.bucket AS b ON q.bucket = b.bucket
    LEFT JOIN bucket_flow AS f
        ON c.company_id = f.company_id AND q.portfolio = f.portfolio AND q.bucket = f.bucket
),

-- the chain in columns, one per bucket, from the last to the first
side AS (
    SELECT
        company_id,
        portfolio,
        MAX(CASE WHEN bucket = 'not_due' THEN flow_rate END) AS flow_1,
        MAX(CASE WHEN bucket = 'd1_30' THEN flow_rate END) AS flow_2,
        MAX(CASE WHEN bucket = 'd31_60' THEN flow_rate END) AS flow_3,
        MAX(CASE WHEN bucket = 'd61_90' THEN flow_rate END) AS flow_4,
        MAX(CASE WHEN bucket = 'd91_180' THEN flow_rate END) AS flow_5,
        MAX(CASE WHEN bucket = 'd181_365' THEN flow_rate END) AS flow_6,
        MAX(CASE WHEN bucket = 'not_due' THEN CAST(fallback_rate AS DOUBLE) END) AS fallback_1,
        MAX(CASE WHEN bucket = 'd1_30' THEN CAST(fallback_rate AS DOUBLE) END) AS fallback_2,
        MAX(CASE WHEN bucket = 'd31_60' THEN CAST(fallback_rate AS DOUBLE) END) AS fallback_3,
        MAX(CASE WHEN bucket = 'd61_90' THEN CAST(fallback_rate AS DOUBLE) END) AS fallback_4,
        MAX(CASE WHEN bucket = 'd91_180' THEN CAST(fallback_rate AS DOUBLE) END) AS fallback_5,
        MAX(CASE WHEN bucket = 'd181_365' THEN CAST(fallback_rate AS DOUBLE) END) AS fallback_6,
        MAX(CASE WHEN bucket = 'd366_plus' THEN CAST(fallback_rate AS DOUBLE) END) AS loss_7
    FROM flow
    GROUP BY company_id, portfolio
),

loss_6 AS (
    SELECT
        *,
        COALESCE(flow_6 * loss_7, fallback_6) AS loss_6
    FROM side
),

loss_5 AS (
    SELECT
        *,
        COALESCE(flow_5 * loss_6, fallback_5) AS loss_5
    FROM loss_6
),

loss_4 AS (
    SELECT
        *,
        COALESCE(flow_4 * loss_5, fallback_4) AS loss_4
    FROM loss_5
),

loss_3 AS (
    SELECT
        *,
        COALESCE(flow_3 * loss_4, fallback_3) AS loss_3
    FROM loss_4
),

loss_2 AS (
    SELECT
        *,
        COALESCE(flow_2 * loss_3, fallback_2) AS loss_2
    FROM loss_3
),

chain AS (
    SELECT
        *,
        COALESCE(flow_1 * loss_2, fallback_1) AS loss_1
    FROM loss_2
),

stated AS (
    SELECT
        f.*,
        COALESCE(
            CAST(f.rate AS DOUBLE),
            GREATEST(
                CASE f.place
                    WHEN 1 THEN c.loss_1
                    WHEN 2 THEN c.loss_2
                    WHEN 3 THEN c.loss_3
                    WHEN 4 THEN c.loss_4
                    WHEN 5 THEN c.loss_5
                    WHEN 6 THEN c.loss_6
                    ELSE c.loss_7
                END,
                CAST(f.least_rate AS DOUBLE)
            )
        ) AS loss_rate
    FROM flow AS f
    INNER JOIN chain AS c ON f.company_id = c.company_id AND f.portfolio = c.portfolio
)

SELECT
    company_id,
    portfolio,
    bucket,
    place,
    CASE WHEN rate IS NULL THEN CAST(reached_amount AS DECIMAL(18, 4)) END AS reached_amount,
    CASE WHEN rate IS NULL THEN CAST(moved_amount AS DECIMAL(18, 4)) END AS moved_amount,
    CASE WHEN rate IS NULL THEN CAST(flow_rate AS DECIMAL(18, 15)) END AS flow_rate,
    CAST(loss_rate AS DECIMAL(18, 15)) AS loss_rate,
    forward_factor,
    CAST(LEAST(loss_rate * CAST(forward_factor AS DOUBLE), 1) AS DECIMAL(18, 15)) AS applied_rate,
    CASE
        WHEN rate IS NOT NULL THEN 'policy'
        WHEN flow_rate IS NOT NULL THEN 'flow'
        ELSE 'fallback'
    END AS basis
FROM stated
