-- One row per account: the terms to offer it (账期建议, G4), by its grade and its business in a month: what was invoiced in
-- the policy's months less credit notes, in functional currency at as-of, divided by the number of months. Where a rate
-- is missing the business is unknown, and counts as large.
-- materialise: table
WITH business AS (
    SELECT
        d.company_id,
        d.account_id,
        d.currency,
        SUM(CASE WHEN d.kind = 'credit_note' THEN -d.amount ELSE d.amount END) AS amount
    FROM ledger.document AS d
    CROSS JOIN policy.terms_window AS w
    WHERE d.kind <> 'opening_balance' AND d.issued_on <= $as_of AND d.issued_on > w.business_from
    GROUP BY d.company_id, d.account_id, d.currency
),

total AS (
    SELECT
        b.company_id,
        b.account_id,
        CASE
            WHEN COUNT(*) FILTER (WHERE b.amount <> 0 AND r.rate IS NULL) = 0 THEN COALESCE(SUM(b.amount * r.rate), 0)
        END AS amount,
        FALSE AS is_none
    FROM business AS b
    LEFT JOIN company_rate AS r ON b.company_id = r.company_id AND b.currency = r.currency
    GROUP BY b.company_id, b.account_id
),

monthly AS (
    SELECT
        s.company_id,
        s.account_id,
        s.risk_grade,
        CASE
            WHEN COALESCE(t.is_none, TRUE) THEN CAST(0 AS DECIMAL(18, 4))
            ELSE CAST(t.amount / w.months AS DECIMAL(18, 4))
        END AS business_functional
    FROM account_status AS s
    CROSS JOIN policy.terms_window AS w
    LEFT JOIN total AS t ON s.company_id = t.company_id AND s.account_id = t.account_id
)

SELECT
    m.company_id,
    m.account_id,
    m.business_functional,
    b.terms
FROM monthly AS m
INNER JOIN policy.terms_band AS b
    ON
        m.risk_grade = b.grade
        AND (b.over IS NULL OR m.business_functional IS NULL OR m.business_functional > b.over)
        AND (b.up_to IS NULL OR m.business_functional <= b.up_to)
