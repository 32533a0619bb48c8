-- One row per instalment and close at which it was open, with its bucket then: tonight and the month ends before, as
-- the ledger knows them tonight.
-- Through the day before to_on the amount stays as it is; empty: it still does.
-- materialise: table
WITH opened AS (
    SELECT
        s.company_id,
        s.document_id,
        s.seq,
        c.closed_on,
        s.account_id,
        s.currency,
        s.issued_on,
        s.due_on,
        s.open_amount,
        s.to_on
    FROM item_span AS s
    INNER JOIN policy.close_day AS c
        -- one condition for every pair: DuckDB would sort both sides for two inequalities, in four times the time
        ON CASE WHEN s.from_on > c.closed_on THEN FALSE ELSE s.to_on IS NULL OR s.to_on > c.closed_on END
    UNION ALL
    SELECT
        company_id,
        document_id,
        seq,
        closed_on,
        account_id,
        currency,
        issued_on,
        due_on,
        open_amount,
        CAST(closed_on + INTERVAL 1 DAY AS DATE) AS to_on
    FROM close_filled_item
),

aged AS (
    SELECT
        o.*,
        LEAST(GREATEST(DATE_DIFF('day', o.due_on, o.closed_on), 0), p.last_day) AS bucket_day
    FROM opened AS o
    CROSS JOIN policy.parameter AS p
)

SELECT
    a.company_id,
    a.document_id,
    a.seq,
    a.closed_on,
    a.account_id,
    a.currency,
    a.issued_on,
    a.due_on,
    a.open_amount,
    a.to_on,
    d.bucket
FROM aged AS a
INNER JOIN policy.day AS d ON a.bucket_day = d.day
