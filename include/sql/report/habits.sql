-- What the reps with the most overdue can change: of each the two weak habits that lie furthest from the median of the
-- company's reps, measured in shares of that median, since habits have different units.
SELECT
    r.name AS rep,
    h.name AS habit,
    h.value,
    h.benchmark
FROM night.rep_performance AS h
INNER JOIN night.rep AS r ON h.rep_id = r.rep_id
LEFT JOIN night.rep_performance AS o
    ON h.company_id = o.company_id AND h.rep_id = o.rep_id AND o.name = 'overdue'
WHERE h.company_id = $company AND h.is_weak
QUALIFY
    ROW_NUMBER() OVER (
        PARTITION BY h.rep_id
        ORDER BY ABS(h.value - h.benchmark) / NULLIF(ABS(h.benchmark), 0) DESC NULLS FIRST, h.name ASC
    ) <= 2
ORDER BY
    o.value DESC NULLS LAST,
    h.rep_id ASC,
    ABS(h.value - h.benchmark) / NULLIF(ABS(h.benchmark), 0) DESC NULLS FIRST,
    h.name ASC
LIMIT $rows
