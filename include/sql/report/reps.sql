SELECT
    COALESCE(r.name, m.member) AS rep,
    MAX(CASE WHEN m.name = 'overdue_amount' THEN m.value END) AS overdue,
    MAX(CASE WHEN m.name = 'receipts' AND m."window" = 'mtd' THEN m.value END) AS received,
    MAX(CASE WHEN m.name = 'collection_rate_pct' THEN m.value END) AS collection_rate_pct,
    MAX(CASE WHEN m.name = 'promise_kept_pct' AND m."window" = 'm3' THEN m.value END) AS kept_pct,
    MAX(CASE WHEN m.name = 'promise_kept_amount_pct' AND m."window" = 'm3' THEN m.value END) AS kept_amount_pct
FROM night.metric AS m
LEFT JOIN night.rep AS r ON m.member = r.rep_id
WHERE m.company_id = $company AND m.dimension = 'rep' AND m.is_total AND m.closed_on = m.as_of
GROUP BY m.member, r.name
ORDER BY overdue DESC NULLS LAST, rep ASC
LIMIT $rows
