-- The lines of the risk score, the dearest first.
SELECT
    component AS fact,
    state,
    fact_value,
    threshold AS band,
    points
FROM score_line
ORDER BY points DESC, component ASC
