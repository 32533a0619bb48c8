-- One row per account with promises: how they were kept, the level reached, and what open promises promise and have
-- already brought (functional).
-- materialise: table
SELECT
    s.company_id,
    s.account_id,
    COUNT(*) FILTER (
        WHERE s.state IN ('broken', 'partially_kept') AND s.promised_for > w.long_from
    ) AS broken_promises,
    COUNT(*) FILTER (WHERE s.state = 'kept' AND s.promised_for > w.long_from) AS kept_promises,
    MAX(CASE WHEN s.state IN ('open', 'broken', 'partially_kept') THEN s.level END) AS promise_level,
    MAX(CASE WHEN s.state = 'open' THEN DATE_DIFF('day', $business_date, s.promised_for) END) AS promise_due_in_days,
    MAX(CASE WHEN s.state = 'open' THEN s.moved_before END) AS promise_moved_times,
    SUM(CASE WHEN s.state = 'open' THEN CAST(s.amount AS DECIMAL(28, 4)) * r.rate END) AS promised_functional,
    SUM(CASE WHEN s.state = 'open' THEN CAST(LEAST(s.received_amount, s.amount) AS DECIMAL(28, 4)) * r.rate END)
        AS promised_received_functional
FROM promise_status AS s
CROSS JOIN policy.look_back AS w
LEFT JOIN company_rate AS r ON s.company_id = r.company_id AND s.currency = r.currency
GROUP BY s.company_id, s.account_id
