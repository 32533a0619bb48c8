-- The allowance closes with the sum of its parts, and the movement explains it: opening + charge − release − write-off
-- + recovery + translation; no part is above what is owed.
WITH part AS (
    SELECT
        company_id,
        currency,
        FALSE AS is_total,
        SUM(amount) AS amount,
        SUM(CASE WHEN amount > exposure THEN 1 ELSE 0 END) AS too_much
    FROM provision
    GROUP BY company_id, currency
    UNION ALL
    SELECT
        p.company_id,
        c.functional_currency AS currency,
        TRUE AS is_total,
        SUM(p.amount_functional) AS amount,
        0 AS too_much
    FROM provision AS p
    INNER JOIN ledger.company AS c ON p.company_id = c.company_id
    GROUP BY p.company_id, c.functional_currency
)

SELECT
    m.company_id,
    m.currency,
    m.is_total,
    m.closing,
    p.amount
FROM provision_movement AS m
LEFT JOIN part AS p
    ON m.company_id = p.company_id AND m.currency = p.currency AND m.is_total = p.is_total
WHERE
    m.closing <> COALESCE(p.amount, 0)
    OR m.closing <> m.opening + m.charge - m.release - m.write_off + m.recovery + m.fx
    OR LEAST(m.charge, m.release, m.write_off, m.recovery) < 0
    OR p.too_much > 0
