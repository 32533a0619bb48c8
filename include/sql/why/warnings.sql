-- Early warnings, as published.
SELECT
    warning,
    since,
    rule_id
FROM published.early_warning
ORDER BY warning
