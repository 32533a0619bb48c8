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
        GREATEST(DATE_DIFF('day', i.due_on, $as_of), 0) AS days_past_due_as_of
    FROM net_item AS i
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
CROSS JOIN policy.parameter AS p
INNER JOIN policy.day AS s ON LEAST(a.days_past_due, p.last_day) = s.day
INNER JOIN policy.day AS b ON LEAST(a.days_past_due_as_of, p.last_day) = b.day
