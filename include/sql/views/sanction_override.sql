-- What people decided against the rules (人工干预), one row each, with the day on which it was ended, if it was.
-- column ended_on: Business date on which it was ended early; empty: it was not.
-- column ended_by: rep_id of the person who ended it.
-- column business_date: Business date on which it was written.
SELECT
    o.override_id,
    o.company_id,
    o.account_id,
    o.flag,
    o.effect,
    o.promise_id,
    o.author,
    o.reason,
    o.from_on,
    o.expires_on,
    e.ended_on,
    e.ended_by,
    o.created_at,
    o.from_on AS business_date
FROM store.sanction_override AS o
LEFT JOIN (
    SELECT
        ends_override_id,
        min(from_on) AS ended_on,
        min(author) AS ended_by
    FROM store.sanction_override
    WHERE effect = 'end'
    GROUP BY ends_override_id
) AS e ON o.override_id = e.ends_override_id
WHERE o.effect <> 'end'
