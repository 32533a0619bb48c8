-- No sanction stands against an override that exempts from it, and none goes ahead while the gate is not open or the
-- night's new ones are above the cap.
SELECT
    a.company_id,
    a.account_id,
    a.flag,
    a.state
FROM account_flag AS a
CROSS JOIN policy.night AS n
LEFT JOIN override_in_force AS o
    ON
        a.company_id = o.company_id
        AND a.account_id = o.account_id
        AND a.flag = o.flag
        AND o.effect IN ('exempt', 'accept_promise')
LEFT JOIN sanction_cap AS c ON a.company_id = c.company_id AND c.transition = 'active' AND c.is_over
WHERE
    (a.state IN ('proposed', 'approved', 'active') AND o.flag IS NOT NULL)
    OR (a.state = 'active' AND a.since = $business_date AND (n.gate <> 'open' OR c.company_id IS NOT NULL))
