SELECT
    company_id,
    name,
    functional_currency,
    timezone,
    calendar
FROM party
