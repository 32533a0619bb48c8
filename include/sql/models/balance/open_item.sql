-- One row per instalment with something open: amounts, days past due by both counts, stage and bucket (rules 2, 3).
-- materialise: table
WITH aged AS (
    SELECT
        i.company_id,
        i.document_id,
        i.seq,
        i.account_id,
        i.currency,
        i.due_on,
        i.amount,
        i.open_amount,
        i.net_amount,
        i.is_retention,
        COALESCE(d.amount, 0) AS disputed_amount,
        GREATEST(DATE_DIFF('day', i.due_on, $business_date), 0) AS days_past_due,
        GREATEST(DATE_DIFF('day', i.due_on, $as_of), 0) AS days_past_due_as_of,
        LEAST(GREATEST(DATE_DIFF('day', i.due_on, $business_date), 0), p.last_day) AS stage_day,
        LEAST(GREATEST(DATE_DIFF('day', i.due_on, $as_of), 0), p.last_day) AS bucket_day
    FROM net_item AS i
    CROSS JOIN policy.parameter AS p
    LEFT JOIN disputed AS d
        ON i.company_id = d.company_id AND i.document_id = d.document_id AND i.seq = d.seq
)

SELECT
    a.company_id,
    a.document_id,
    a.seq,
    a.account_id,
    a.currency,
    a.due_on,
    a.amount,
    a.open_amount,
    a.net_amount,
    a.disputed_amount,
    a.net_amount - a.disputed_amount AS collectable_amount,
    a.days_past_due,
    a.days_past_due_as_of,
    s.stage,
    b.bucket,
    a.is_retention
FROM aged AS a
INNER JOIN policy.day AS s ON a.stage_day = s.day
INNER JOIN policy.day AS b ON a.bucket_day = b.day
