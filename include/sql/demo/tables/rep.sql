SELECT
    rep_id,
    name,
    email,
    locale,
    manager_id,
    role,
    CAST(daily_capacity AS BIGINT) AS daily_capacity,
    is_active
FROM staff
