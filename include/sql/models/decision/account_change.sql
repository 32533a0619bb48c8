-- One row per thing that is different since the night before, for those who read a list every morning: money that came
-- in, promises made, kept and broken, sanctions that began and ended, accounts that became late (昨日变化).
-- On the first night there is nothing to compare with.
-- materialise: table
WITH before AS (
    SELECT MAX(as_of) AS as_of FROM previous.account_status
),

found AS (
    SELECT
        r.company_id,
        r.account_id,
        'paid' AS change,
        '' AS subject_id,
        r.currency,
        SUM(r.amount) AS amount
    FROM ledger.receipt AS r
    CROSS JOIN before AS b
    WHERE r.received_on > b.as_of AND r.received_on <= $as_of
    GROUP BY r.company_id, r.account_id, r.currency
    UNION ALL
    SELECT
        s.company_id,
        s.account_id,
        'promised' AS change,
        s.promise_id AS subject_id,
        s.currency,
        s.amount
    FROM promise_status AS s
    INNER JOIN ledger.promise AS m ON s.company_id = m.company_id AND s.promise_id = m.promise_id
    CROSS JOIN before AS b
    WHERE m.made_on > b.as_of AND s.state = 'open'
    UNION ALL
    SELECT
        s.company_id,
        s.account_id,
        CASE WHEN s.state = 'kept' THEN 'kept' ELSE 'broken' END AS change,
        s.promise_id AS subject_id,
        s.currency,
        CASE WHEN s.state = 'kept' THEN s.amount ELSE s.amount - s.received_amount END AS amount
    FROM promise_status AS s
    INNER JOIN previous.promise_status AS y ON s.company_id = y.company_id AND s.promise_id = y.promise_id
    WHERE s.state IN ('kept', 'partially_kept', 'broken') AND y.state = 'open'
    UNION ALL
    SELECT
        company_id,
        account_id,
        CASE WHEN state = 'released' THEN 'released' ELSE 'sanctioned' END AS change,
        flag AS subject_id,
        NULL AS currency,
        NULL AS amount
    FROM account_flag
    WHERE since = $business_date AND state IN ('released', 'active')
    UNION ALL
    SELECT
        s.company_id,
        s.account_id,
        'late' AS change,
        s.stage AS subject_id,
        NULL AS currency,
        NULL AS amount
    FROM account_status AS s
    INNER JOIN previous.account_status AS y ON s.company_id = y.company_id AND s.account_id = y.account_id
    WHERE s.stage > y.stage
)

SELECT
    f.company_id,
    f.account_id,
    f.change,
    f.subject_id,
    COALESCE(f.currency, '') AS currency,
    f.amount,
    w.works_rep_id AS rep_id,
    w.manager_id
FROM found AS f
INNER JOIN account_worker AS w ON f.company_id = w.company_id AND f.account_id = w.account_id
CROSS JOIN before AS b
WHERE b.as_of IS NOT NULL
