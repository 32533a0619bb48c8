SELECT
    rep_id AS staff_no,
    covered_by AS agent_no,
    COALESCE(STRFTIME(from_on, '%Y%m%d'), '00000000') AS begin_date,
    COALESCE(STRFTIME(to_on, '%Y%m%d'), '00000000') AS end_date
FROM coverage
