SELECT
    company_id AS org_code,
    name AS org_name,
    functional_currency AS base_ccy,
    timezone AS tz_name,
    calendar AS cal_code
FROM company
