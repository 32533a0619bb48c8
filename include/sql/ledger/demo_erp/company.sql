SELECT
    org_code AS company_id,
    org_name AS name,
    base_ccy AS functional_currency,
    tz_name AS timezone,
    cal_code AS calendar
FROM org_company
