-- One row per entry of the contact log through as-of: its day by the company's clock, on which people were spoken to.
-- A local day is found by the moment at which it began: converting each entry by itself takes ten times as long.
-- materialise: table
WITH near AS (
    SELECT DISTINCT
        l.company_id,
        CAST(l.contacted_at AS DATE) + o.days AS on_date
    FROM ledger.contact_log AS l
    CROSS JOIN (VALUES (-1), (0), (1)) AS o (days)
),

local_day AS (
    SELECT
        n.company_id,
        n.on_date,
        TIMEZONE(COALESCE(c.timezone, 'UTC'), CAST(n.on_date AS TIMESTAMP)) AS begins_at
    FROM near AS n
    LEFT JOIN ledger.company AS c ON n.company_id = c.company_id
)

SELECT
    l.company_id,
    l.account_id,
    l.log_id,
    l.contacted_at,
    d.on_date AS contacted_on,
    l.channel,
    l.outcome,
    l.rep_id,
    l.reason_code,
    l.note,
    l.next_step_on
FROM ledger.contact_log AS l
ASOF INNER JOIN local_day AS d ON l.company_id = d.company_id AND l.contacted_at >= d.begins_at
WHERE d.on_date <= $as_of
