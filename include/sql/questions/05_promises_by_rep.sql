-- Whose customers keep their promises?
-- 哪位业务员的客户守承诺？
SELECT
    r.name,
    m.company_id,
    round(m.value, 1) AS kept_pct,
    m.numerator AS kept,
    m.denominator AS judged
FROM metric AS m
INNER JOIN rep AS r ON m.business_date = r.business_date AND m.member = r.rep_id
WHERE
    m.business_date = $business_date
    AND m.name = 'promise_kept_pct'
    AND m.dimension = 'rep'
    AND m.is_total
    AND m."window" = 'm12'
    AND m.closed_on = m.as_of
ORDER BY m.value DESC NULLS LAST, r.name ASC
