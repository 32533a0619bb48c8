-- What people decided against the rules by as-of, the newest first, and whether it counts tonight.
SELECT
    o.override_id,
    o.flag,
    o.effect,
    o.promise_id,
    o.author,
    o.reason,
    o.from_on,
    o.expires_on,
    o.ended_on,
    o.expires_on >= $business_date
    AND (o.ended_on IS NULL OR o.ended_on > $as_of)
    AND (
        o.effect <> 'accept_promise'
        OR COALESCE(
            p.state = 'open'
            OR (p.state = 'kept' AND DATE_DIFF('day', p.promised_for, $as_of) < v.promise_tolerance_days), FALSE
        )
    ) AS is_in_force
FROM ledger.sanction_override AS o
INNER JOIN account_scope AS a ON o.company_id = a.company_id AND o.account_id = a.account_id
INNER JOIN policy.variant_parameter AS v ON a.variant = v.variant
LEFT JOIN promise_status AS p ON o.company_id = p.company_id AND o.promise_id = p.promise_id
WHERE o.from_on <= $as_of
ORDER BY o.from_on DESC, o.override_id ASC
