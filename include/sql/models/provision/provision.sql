-- One row per portfolio, currency and bucket of the matrix, and one per customer with an allowance of its own; each
-- amount is rounded once, half up, to the currency's minor unit (rule 15), and is never more than what is owed.
-- materialise: table
WITH part AS (
    SELECT
        company_id,
        portfolio,
        currency,
        CASE WHEN rule_id IS NULL THEN bucket ELSE 'specific' END AS bucket,
        CASE WHEN rule_id IS NULL THEN '' ELSE account_id END AS account_id,
        SUM(exposure) AS exposure,
        SUM(CAST(exposure AS DECIMAL(22, 4)) * applied_rate) AS amount,
        MIN(applied_rate) AS least_rate,
        MAX(applied_rate) AS most_rate,
        MAX(rule_id) AS rule_id
    FROM provision_item
    GROUP BY
        company_id,
        portfolio,
        currency,
        CASE WHEN rule_id IS NULL THEN bucket ELSE 'specific' END,
        CASE WHEN rule_id IS NULL THEN '' ELSE account_id END
),

-- the rate of a customer whose buckets have several is what they come to together
exact AS (
    SELECT
        *,
        CASE
            WHEN least_rate = most_rate THEN most_rate
            ELSE CAST(CAST(amount AS DOUBLE) / CAST(exposure AS DOUBLE) AS DECIMAL(18, 15))
        END AS applied_rate
    FROM part
),

rounded AS (
    SELECT
        e.company_id,
        e.portfolio,
        e.currency,
        e.bucket,
        e.account_id,
        e.exposure,
        e.applied_rate,
        e.rule_id,
        LEAST(
            e.exposure,
            CASE u.minor_units
                WHEN 0 THEN CAST(ROUND(e.amount, 0) AS DECIMAL(18, 4))
                WHEN 3 THEN CAST(ROUND(e.amount, 3) AS DECIMAL(18, 4))
                WHEN 4 THEN CAST(ROUND(e.amount, 4) AS DECIMAL(18, 4))
                ELSE CAST(ROUND(e.amount, 2) AS DECIMAL(18, 4))
            END
        ) AS amount
    FROM exact AS e
    LEFT JOIN policy.currency AS u ON e.currency = u.currency
)

SELECT
    p.*,
    CASE u.minor_units
        WHEN 0 THEN CAST(ROUND(CAST(p.amount AS DECIMAL(28, 4)) * r.rate, 0) AS DECIMAL(18, 4))
        WHEN 3 THEN CAST(ROUND(CAST(p.amount AS DECIMAL(28, 4)) * r.rate, 3) AS DECIMAL(18, 4))
        WHEN 4 THEN CAST(ROUND(CAST(p.amount AS DECIMAL(28, 4)) * r.rate, 4) AS DECIMAL(18, 4))
        ELSE CAST(ROUND(CAST(p.amount AS DECIMAL(28, 4)) * r.rate, 2) AS DECIMAL(18, 4))
    END AS amount_functional
FROM rounded AS p
INNER JOIN ledger.company AS c ON p.company_id = c.company_id
LEFT JOIN company_rate AS r ON p.company_id = r.company_id AND p.currency = r.currency
LEFT JOIN policy.currency AS u ON c.functional_currency = u.currency
