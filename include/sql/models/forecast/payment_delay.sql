-- One row per account: days after the due date on which it usually pays, by what it paid in the long window; where it
-- paid nothing, its company's mean. Sums here and in what follows are exact decimals: the order of rows cannot change a
-- digit.
-- materialise: table
WITH company AS (
    SELECT
        company_id,
        CAST(SUM(days_late_weighted * CAST(paid_functional AS DECIMAL(28, 4))) AS DOUBLE)
        / NULLIF(CAST(SUM(paid_functional) AS DOUBLE), 0) AS days_late
    FROM payment_behaviour
    GROUP BY company_id
)

SELECT
    m.company_id,
    m.account_id,
    CAST(ROUND(COALESCE(b.days_late_weighted, c.days_late, 0), 0) AS INTEGER) AS days_late
FROM account_member AS m
LEFT JOIN payment_behaviour AS b ON m.company_id = b.company_id AND m.account_id = b.account_id
LEFT JOIN company AS c ON m.company_id = c.company_id
