-- severity: warning
-- stage: 2
-- en: For each currency in use there is a rate into the company's functional currency on or before as-of.
-- zh: 所用币种在截止日或之前必须有折算为本位币的汇率。
-- remedy: Deliver the rate in fx_rate; until then totals in functional currency are empty for accounts with this currency.
SELECT
    d.file_row_number,
    d.currency = c.functional_currency
    OR EXISTS (
        SELECT 1 FROM counted.fx_rate AS f
        WHERE f.from_currency = d.currency AND f.to_currency = c.functional_currency
    ) AS is_ok
FROM counted.document AS d
INNER JOIN ledger.company AS c ON d.company_id = c.company_id
