SELECT
    staff_no AS rep_id,
    agent_no AS covered_by,
    CAST(strptime(nullif(begin_date, '00000000'), '%Y%m%d') AS DATE) AS from_on,
    CAST(strptime(nullif(end_date, '00000000'), '%Y%m%d') AS DATE) AS to_on
FROM staff_agent
