-- The two sellers. One row per company. Internal: what generated documents, dates and addresses need to know of them.
WITH entry (
    company_id, name, functional_currency, timezone, calendar, locale, domain, first_number
) AS (
    VALUES
    ('HD', '华东恒启工业股份有限公司', 'CNY', 'Asia/Shanghai', 'CN', 'zh_CN', 'hengqi.example', 1000000),
    ('NG', 'Northgate Supplies Ltd', 'GBP', 'Europe/London', 'GB', 'en', 'northgate.example', 6000000)
)

SELECT
    company_id,
    name,
    functional_currency,
    timezone,
    calendar,
    locale,
    domain,
    first_number
FROM entry
