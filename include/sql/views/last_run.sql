-- The last word on every night: the run that readers see, unless a later look at the same date was stopped by the gate.
-- Whoever contacts people asks here, so that a stop holds mails that were already waiting.
SELECT DISTINCT ON (r.business_date)
    r.run_id,
    r.business_date,
    r.as_of,
    r.snapshot_id,
    r.previous_run_id,
    r.policy_version,
    r.policy_hash,
    r.code_version,
    r.gate,
    r.gate_reasons,
    r.is_backfill,
    r.status,
    r.counts,
    r.published_at
FROM store.run AS r
LEFT JOIN store.published AS p ON r.business_date = p.business_date AND r.run_id = p.run_id
WHERE p.run_id IS NOT NULL OR r.status = 'stopped'
ORDER BY r.business_date ASC, r.published_at DESC, (p.run_id IS NULL) ASC
