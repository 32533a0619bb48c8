SELECT
    staff_no AS rep_id,
    agent_no AS covered_by,
    CAST(STRPTIME(NULLIF(begin_date, '00000000'), '%Y%m%d') AS DATE) AS from_on,
    CAST(STRPTIME(NULLIF(end_date, '00000000'), '%Y%m%d') AS DATE) AS to_on
FROM staff_agent
