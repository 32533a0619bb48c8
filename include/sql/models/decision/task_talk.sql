-- One row per account, currency and talk about money that there could be (before the policy's conditions): what would
-- be asked for. An account gets one of them in each currency. What is promised is not asked for again.
-- materialise: view
WITH balance AS (
    SELECT
        b.company_id,
        b.account_id,
        b.currency,
        b.collectable_amount,
        b.overdue_amount,
        COALESCE(t.tolerance, p.default_tolerance) AS tolerance
    FROM account_balance AS b
    INNER JOIN account_scope AS a ON b.company_id = a.company_id AND b.account_id = a.account_id
    INNER JOIN policy.variant_parameter AS p ON a.variant = p.variant
    LEFT JOIN policy.tolerance AS t ON a.variant = t.variant AND b.currency = t.currency
),

overdue AS (
    SELECT
        b.company_id,
        b.account_id,
        b.currency,
        b.overdue_amount,
        b.overdue_amount - COALESCE(m.overdue_amount, 0) AS unpromised_amount,
        b.tolerance
    FROM balance AS b
    LEFT JOIN account_promised AS m
        ON b.company_id = m.company_id AND b.account_id = m.account_id AND b.currency = m.currency
    WHERE b.overdue_amount > b.tolerance
),

due_soon AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        SUM(i.collectable_amount - COALESCE(m.promised_amount, 0)) AS amount
    FROM open_item AS i
    CROSS JOIN policy.task_parameter AS p
    LEFT JOIN promised_item AS m
        ON i.company_id = m.company_id AND i.document_id = m.document_id AND i.seq = m.seq
    WHERE
        i.collectable_amount > COALESCE(m.promised_amount, 0)
        AND DATE_DIFF('day', $business_date, i.due_on) BETWEEN 0 AND p.pre_due_days
    GROUP BY i.company_id, i.account_id, i.currency
),

-- Owes more than is let pass, and nobody has spoken to it for long: a call without a sum, for want of another talk in
-- any currency.
quiet AS (
    SELECT
        b.company_id,
        b.account_id,
        b.currency,
        ROW_NUMBER() OVER (
            PARTITION BY b.company_id, b.account_id
            ORDER BY b.collectable_amount * r.rate DESC NULLS LAST, b.collectable_amount DESC, b.currency ASC
        ) AS place
    FROM balance AS b
    INNER JOIN account_touch AS t ON b.company_id = t.company_id AND b.account_id = t.account_id
    CROSS JOIN policy.task_parameter AS p
    LEFT JOIN company_rate AS r ON b.company_id = r.company_id AND b.currency = r.currency
    WHERE b.collectable_amount > b.tolerance AND t.days_untouched >= p.coverage_floor_days
)

SELECT
    o.company_id,
    o.account_id,
    o.currency,
    k.kind,
    o.unpromised_amount AS ask_amount
FROM overdue AS o
INNER JOIN policy.task_kind AS k ON k.kind IN ('call', 'visit', 'offer_plan')
WHERE o.unpromised_amount > o.tolerance
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'escalate' AS kind,
    overdue_amount AS ask_amount
FROM overdue
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'pre_due_reminder' AS kind,
    amount AS ask_amount
FROM due_soon
UNION ALL
SELECT
    t.company_id,
    t.account_id,
    t.currency,
    CASE WHEN t.committed > 0 THEN 'close_gap' ELSE 'ask_commitment' END AS kind,
    LEAST(t.gap, b.collectable_amount - COALESCE(m.amount, 0)) AS ask_amount
FROM target_gap AS t
INNER JOIN account_balance AS b
    ON t.company_id = b.company_id AND t.account_id = b.account_id AND t.currency = b.currency
LEFT JOIN account_promised AS m
    ON t.company_id = m.company_id AND t.account_id = m.account_id AND t.currency = m.currency
WHERE t.gap > 0 AND b.collectable_amount > COALESCE(m.amount, 0)
UNION ALL
SELECT
    company_id,
    account_id,
    currency,
    'call' AS kind,
    NULL AS ask_amount
FROM quiet
WHERE place = 1
