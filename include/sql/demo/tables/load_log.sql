-- Every feed is complete through the last day, loaded half an hour after midnight in Shanghai.
SELECT
    table_name,
    getvariable('through') AS complete_through,
    timezone('UTC', CAST(getvariable('through') AS TIMESTAMP) + to_minutes(990)) AS loaded_at
FROM (SELECT unnest(getvariable('tables')) AS table_name)
