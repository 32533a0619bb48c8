-- One row per customer and currency whose debt a rule of the policy calls a candidate for write-off: how much, what is
-- provided for it, why, and which papers an auditor will ask for are at hand or missing.
-- materialise: table
WITH named AS (
    SELECT
        r.company_id,
        r.account_id,
        r.rule_id,
        c.cause
    FROM rule_match AS r
    INNER JOIN policy.write_off_cause AS c ON r.rule_id = c.rule_id
    WHERE r.decision = 'write_off' AND r.place = 1
),

owed AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        SUM(i.exposure) AS amount,
        SUM(CAST(i.exposure AS DECIMAL(22, 4)) * i.applied_rate) AS provided
    FROM provision_item AS i
    INNER JOIN named AS n ON i.company_id = n.company_id AND i.account_id = n.account_id
    GROUP BY i.company_id, i.account_id, i.currency
),

age AS (
    SELECT
        o.company_id,
        o.account_id,
        o.currency,
        MIN(o.due_on) AS oldest_due_on
    FROM open_item AS o
    INNER JOIN named AS n ON o.company_id = n.company_id AND o.account_id = n.account_id
    WHERE o.net_amount > 0
    GROUP BY o.company_id, o.account_id, o.currency
),

paid AS (
    SELECT
        r.company_id,
        r.account_id,
        MAX(r.received_on) AS last_receipt_on
    FROM ledger.receipt AS r
    INNER JOIN named AS n ON r.company_id = n.company_id AND r.account_id = n.account_id
    WHERE r.received_on <= $as_of
    GROUP BY r.company_id, r.account_id
),

kept AS (
    SELECT
        n.company_id,
        n.account_id,
        p.kind,
        STRING_AGG(CAST(TO_JSON(e.evidence_id) AS VARCHAR), ', ' ORDER BY e.evidence_id) AS ids
    FROM named AS n
    CROSS JOIN policy.write_off_paper AS p
    LEFT JOIN paper AS e
        ON
            n.company_id = e.company_id
            AND n.account_id = e.account_id
            AND p.kind = e.kind
    GROUP BY n.company_id, n.account_id, p.kind
),

papers AS (
    SELECT
        company_id,
        account_id,
        '{' || COALESCE(
            STRING_AGG('"' || kind || '": [' || ids || ']', ', ' ORDER BY kind) FILTER (WHERE ids IS NOT NULL), ''
        ) || '}' AS evidence,
        '[' || COALESCE(STRING_AGG('"' || kind || '"', ', ' ORDER BY kind) FILTER (WHERE ids IS NULL), '')
        || ']' AS missing
    FROM kept
    GROUP BY company_id, account_id
)

SELECT
    n.company_id,
    n.account_id,
    o.currency,
    o.amount,
    LEAST(
        o.amount,
        CASE u.minor_units
            WHEN 0 THEN CAST(ROUND(o.provided, 0) AS DECIMAL(18, 4))
            WHEN 3 THEN CAST(ROUND(o.provided, 3) AS DECIMAL(18, 4))
            WHEN 4 THEN CAST(ROUND(o.provided, 4) AS DECIMAL(18, 4))
            ELSE CAST(ROUND(o.provided, 2) AS DECIMAL(18, 4))
        END
    ) AS provided,
    n.cause,
    n.rule_id,
    a.oldest_due_on,
    p.last_receipt_on,
    CAST(e.evidence AS JSON) AS evidence,
    CAST(e.missing AS JSON) AS missing
FROM named AS n
INNER JOIN owed AS o ON n.company_id = o.company_id AND n.account_id = o.account_id
INNER JOIN age AS a
    ON o.company_id = a.company_id AND o.account_id = a.account_id AND o.currency = a.currency
INNER JOIN papers AS e ON n.company_id = e.company_id AND n.account_id = e.account_id
LEFT JOIN paid AS p ON n.company_id = p.company_id AND n.account_id = p.account_id
LEFT JOIN policy.currency AS u ON o.currency = u.currency
