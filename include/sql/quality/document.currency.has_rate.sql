-- severity: warning
-- stage: 2
-- en: For each currency in use there is a rate into the company's functional currency on or before as-of.
-- zh: 所用币种在截止日或之前必须有折算为本位币的汇率。
-- remedy: Deliver the rate in fx_rate; until then totals in functional currency are empty for accounts with this
--   currency.
WITH used AS (
    SELECT DISTINCT
        d.company_id,
        d.currency
    FROM counted.document AS d
),

missing AS (
    SELECT
        u.company_id,
        u.currency
    FROM used AS u
    INNER JOIN ledger.company AS c ON u.company_id = c.company_id
    WHERE u.currency <> c.functional_currency AND NOT EXISTS (
        SELECT 1 FROM counted.fx_rate AS f
        WHERE f.from_currency = u.currency AND f.to_currency = c.functional_currency
    )
)

SELECT
    d.file_row_number,
    FALSE AS is_ok
FROM counted.document AS d
INNER JOIN missing AS m ON d.company_id = m.company_id AND d.currency = m.currency
