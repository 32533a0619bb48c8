-- One row per overdue account: how far the notices have come, one after the other, each delivered long enough after the
-- one before (rule 10; days alone would skip the warning). At most four notices: policy/ladder.py holds that.
-- materialise: table
WITH first_notice AS (
    SELECT
        company_id,
        account_id,
        variant,
        MIN(delivered_on) AS delivered_on
    FROM notice_delivered
    WHERE place = 1
    GROUP BY company_id, account_id, variant
),

second_notice AS (
    SELECT
        b.company_id,
        b.account_id,
        b.variant,
        MIN(d.delivered_on) AS delivered_on
    FROM first_notice AS b
    INNER JOIN policy.notice AS n ON b.variant = n.variant AND n.place = 2
    INNER JOIN notice_delivered AS d
        ON
            b.company_id = d.company_id
            AND b.account_id = d.account_id
            AND n.place = d.place
            AND DATE_DIFF('day', b.delivered_on, d.delivered_on) >= GREATEST(n.wait_days, 1)
    GROUP BY b.company_id, b.account_id, b.variant
),

third_notice AS (
    SELECT
        b.company_id,
        b.account_id,
        b.variant,
        MIN(d.delivered_on) AS delivered_on
    FROM second_notice AS b
    INNER JOIN policy.notice AS n ON b.variant = n.variant AND n.place = 3
    INNER JOIN notice_delivered AS d
        ON
            b.company_id = d.company_id
            AND b.account_id = d.account_id
            AND n.place = d.place
            AND DATE_DIFF('day', b.delivered_on, d.delivered_on) >= GREATEST(n.wait_days, 1)
    GROUP BY b.company_id, b.account_id, b.variant
),

fourth_notice AS (
    SELECT
        b.company_id,
        b.account_id,
        MIN(d.delivered_on) AS delivered_on
    FROM third_notice AS b
    INNER JOIN policy.notice AS n ON b.variant = n.variant AND n.place = 4
    INNER JOIN notice_delivered AS d
        ON
            b.company_id = d.company_id
            AND b.account_id = d.account_id
            AND n.place = d.place
            AND DATE_DIFF('day', b.delivered_on, d.delivered_on) >= GREATEST(n.wait_days, 1)
    GROUP BY b.company_id, b.account_id
),

reached AS (
    SELECT
        f.company_id,
        f.account_id,
        f.variant,
        f.oldest_due_on,
        CASE
            WHEN d.delivered_on IS NOT NULL THEN 4
            WHEN c.delivered_on IS NOT NULL THEN 3
            WHEN b.delivered_on IS NOT NULL THEN 2
            WHEN a.delivered_on IS NOT NULL THEN 1
            ELSE 0
        END AS place,
        COALESCE(d.delivered_on, c.delivered_on, b.delivered_on, a.delivered_on) AS delivered_on
    FROM account_fact AS f
    LEFT JOIN first_notice AS a ON f.company_id = a.company_id AND f.account_id = a.account_id
    LEFT JOIN second_notice AS b ON f.company_id = b.company_id AND f.account_id = b.account_id
    LEFT JOIN third_notice AS c ON f.company_id = c.company_id AND f.account_id = c.account_id
    LEFT JOIN fourth_notice AS d ON f.company_id = d.company_id AND f.account_id = d.account_id
    WHERE f.oldest_due_on IS NOT NULL
)

SELECT
    r.company_id,
    r.account_id,
    r.variant,
    r.oldest_due_on,
    r.place,
    n.notice,
    r.delivered_on,
    e.evidence,
    x.notice AS next_notice,
    x.threshold AS next_threshold,
    GREATEST(
        CAST(DATE_ADD(r.oldest_due_on, x.from_days * INTERVAL 1 DAY) AS DATE),
        COALESCE(CAST(DATE_ADD(r.delivered_on, GREATEST(x.wait_days, 1) * INTERVAL 1 DAY) AS DATE), r.oldest_due_on)
    ) AS next_on
FROM reached AS r
LEFT JOIN policy.notice AS n ON r.variant = n.variant AND r.place = n.place
LEFT JOIN policy.notice AS x ON r.variant = x.variant AND r.place + 1 = x.place
LEFT JOIN notice_delivered AS e
    ON
        r.company_id = e.company_id
        AND r.account_id = e.account_id
        AND r.place = e.place
        AND r.delivered_on = e.delivered_on
