-- severity: critical
-- stage: 1
-- en: The source of an allocation and its document have the same currency.
-- zh: 核销来源与单据的币种必须一致。
-- remedy: Book the exchange in the source system so that receipt and document have one currency, or correct the
--   allocation.
SELECT
    a.file_row_number,
    a.is_one_currency AS is_ok
FROM facts.allocation AS a
