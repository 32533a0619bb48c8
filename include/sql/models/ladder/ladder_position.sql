-- One row per account on the ladder: the last step taken, the next one, and its earliest day as far as time decides.
-- Who is exempt from everything, or insolvent, has no next step.
-- materialise: table
WITH active AS (
    SELECT
        a.company_id,
        a.account_id,
        MAX(s.place) AS place,
        MAX(a.since) AS since
    FROM account_flag AS a
    INNER JOIN account_fact AS f ON a.company_id = f.company_id AND a.account_id = f.account_id
    INNER JOIN sanction_step AS s ON f.variant = s.variant AND f.segment = s.segment AND a.flag = s.flag
    WHERE a.state = 'active'
    GROUP BY a.company_id, a.account_id
),

enforcement_off AS (
    SELECT DISTINCT
        company_id,
        account_id
    FROM override_in_force
    WHERE effect IN ('exempt', 'accept_promise') AND is_about_all
),

step AS (
    SELECT
        f.company_id,
        f.account_id,
        f.variant,
        f.segment,
        f.is_insolvent OR o.account_id IS NOT NULL OR c.account_id IS NULL AS is_off,
        c.notice,
        c.delivered_on,
        c.evidence,
        c.next_notice,
        c.next_on,
        c.next_threshold,
        COALESCE(a.place, 0) AS sanction_place,
        a.since
    FROM account_fact AS f
    LEFT JOIN notice_chain AS c ON f.company_id = c.company_id AND f.account_id = c.account_id
    LEFT JOIN active AS a ON f.company_id = a.company_id AND f.account_id = a.account_id
    LEFT JOIN enforcement_off AS o ON f.company_id = o.company_id AND f.account_id = o.account_id
    WHERE c.account_id IS NOT NULL OR a.account_id IS NOT NULL
)

SELECT
    t.company_id,
    t.account_id,
    COALESCE(b.flag, t.notice) AS ladder_step,
    COALESCE(t.since, t.delivered_on) AS reached_on,
    t.evidence,
    CASE
        WHEN t.is_off THEN NULL
        WHEN t.sanction_place = 0 AND t.next_notice IS NOT NULL THEN t.next_notice
        ELSE x.flag
    END AS next_step,
    CASE
        WHEN t.is_off THEN NULL
        WHEN t.sanction_place = 0 AND t.next_notice IS NOT NULL THEN t.next_on
        WHEN x.flag IS NOT NULL
            THEN CAST(DATE_ADD(COALESCE(t.since, t.delivered_on), x.wait_days * INTERVAL 1 DAY) AS DATE)
    END AS next_on,
    CASE
        WHEN t.sanction_place = 0 AND t.next_notice IS NOT NULL THEN t.next_threshold
        WHEN x.flag IS NOT NULL THEN CAST(x.wait_days AS VARCHAR) || ' days after the step before'
    END AS next_threshold
FROM step AS t
LEFT JOIN sanction_step AS b
    ON t.variant = b.variant AND t.segment = b.segment AND t.sanction_place = b.place
LEFT JOIN sanction_step AS x
    ON t.variant = x.variant AND t.segment = x.segment AND t.sanction_place + 1 = x.place
