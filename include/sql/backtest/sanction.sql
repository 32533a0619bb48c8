-- One row per account and sanction that does not run the same way under both. A sanction stands while it is proposed,
-- approved or active. `effect` says what B would have changed; `differs_on` is the first night on which it shows.
WITH standing AS (
    SELECT
        'a' AS side,
        business_date,
        company_id,
        account_id,
        flag,
        state,
        reason
    FROM a.account_flag
    WHERE state IN ('proposed', 'approved', 'active')
    UNION ALL
    SELECT
        'b' AS side,
        business_date,
        company_id,
        account_id,
        flag,
        state,
        reason
    FROM b.account_flag
    WHERE state IN ('proposed', 'approved', 'active')
),

span AS (
    SELECT
        company_id,
        account_id,
        flag,
        COUNT(*) FILTER (WHERE side = 'a') AS nights_a,
        COUNT(*) FILTER (WHERE side = 'b') AS nights_b,
        COUNT(*) FILTER (WHERE side = 'a' AND state = 'active') AS active_nights_a,
        COUNT(*) FILTER (WHERE side = 'b' AND state = 'active') AS active_nights_b,
        MIN(business_date) FILTER (WHERE side = 'a') AS first_a,
        MIN(business_date) FILTER (WHERE side = 'b') AS first_b,
        MAX(business_date) FILTER (WHERE side = 'a') AS last_a,
        MAX(business_date) FILTER (WHERE side = 'b') AS last_b,
        ARG_MIN(reason, business_date) FILTER (WHERE side = 'a') AS reason_a,
        ARG_MIN(reason, business_date) FILTER (WHERE side = 'b') AS reason_b
    FROM standing
    GROUP BY company_id, account_id, flag
),

first_difference AS (
    SELECT
        company_id,
        account_id,
        flag,
        MIN(business_date) AS differs_on
    FROM (
        SELECT
            business_date,
            company_id,
            account_id,
            flag,
            state
        FROM standing
        GROUP BY business_date, company_id, account_id, flag, state
        HAVING COUNT(*) = 1
    ) AS alone
    GROUP BY company_id, account_id, flag
)

SELECT
    s.company_id,
    s.account_id,
    s.flag,
    CASE
        WHEN s.nights_a = 0 THEN 'new'
        WHEN s.nights_b = 0 THEN 'dropped'
        WHEN s.first_b < s.first_a THEN 'earlier'
        WHEN s.first_b > s.first_a THEN 'later'
        WHEN s.last_b < s.last_a THEN 'ended_earlier'
        WHEN s.last_b > s.last_a THEN 'ended_later'
        WHEN s.nights_a <> s.nights_b THEN 'other_nights'
        ELSE 'other_state'
    END AS effect,
    f.differs_on,
    s.first_a,
    s.first_b,
    s.last_a,
    s.last_b,
    s.nights_a,
    s.nights_b,
    s.active_nights_a,
    s.active_nights_b,
    s.reason_a,
    s.reason_b,
    p.currency,
    p.overdue_functional
FROM span AS s
INNER JOIN first_difference AS f
    ON s.company_id = f.company_id AND s.account_id = f.account_id AND s.flag = f.flag
LEFT JOIN pair AS p
    ON s.company_id = p.company_id AND s.account_id = p.account_id AND f.differs_on = p.business_date
