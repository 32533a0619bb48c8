-- One row per variant, segment and sanction that this segment can meet, in the order of its own ladder: exempt ones are
-- no step, so that the next one follows the one before them.
-- materialise: table
WITH kind AS (
    SELECT DISTINCT
        variant,
        segment
    FROM account_scope
)

SELECT
    k.variant,
    k.segment,
    s.flag,
    s.wait_days,
    s.levels_up,
    ROW_NUMBER() OVER (PARTITION BY k.variant, k.segment ORDER BY s.place) AS place
FROM kind AS k
INNER JOIN policy.sanction AS s ON k.variant = s.variant
LEFT JOIN policy.exemption AS x ON k.variant = x.variant AND k.segment = x.segment AND s.flag = x.flag
WHERE x.flag IS NULL
