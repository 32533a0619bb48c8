-- Every feed is complete through the last day, loaded half an hour after midnight in Shanghai.
SELECT
    table_name,
    GETVARIABLE('through') AS complete_through,
    TIMEZONE('UTC', CAST(GETVARIABLE('through') AS TIMESTAMP) + TO_MINUTES(990)) AS loaded_at
FROM (SELECT UNNEST(GETVARIABLE('tables')) AS table_name) AS listed
