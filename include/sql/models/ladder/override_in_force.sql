-- One row per override that counts tonight, per sanction (人工干预); one about all sanctions becomes one row for each.
-- An accepted promise counts until its day and the days of tolerance are over, however it was kept: it excuses what was
-- promised, not whatever is late afterwards.
-- materialise: table
SELECT
    o.company_id,
    o.account_id,
    s.flag,
    o.effect,
    MIN(o.override_id) AS override_id,
    MIN(o.author) AS author,
    MAX(o.expires_on) AS expires_on,
    BOOL_AND(o.flag IS NULL) AS is_about_all
FROM ledger.sanction_override AS o
INNER JOIN account_scope AS a ON o.company_id = a.company_id AND o.account_id = a.account_id
INNER JOIN policy.variant_parameter AS v ON a.variant = v.variant
INNER JOIN policy.sanction AS s ON a.variant = s.variant AND (o.flag IS NULL OR o.flag = s.flag)
LEFT JOIN promise_status AS p ON o.company_id = p.company_id AND o.promise_id = p.promise_id
WHERE
    o.from_on <= $as_of
    AND o.expires_on >= $business_date
    AND (o.ended_on IS NULL OR o.ended_on > $as_of)
    AND (
        o.effect <> 'accept_promise'
        OR p.state = 'open'
        OR (p.state = 'kept' AND DATE_DIFF('day', p.promised_for, $as_of) < v.promise_tolerance_days)
    )
GROUP BY o.company_id, o.account_id, s.flag, o.effect
