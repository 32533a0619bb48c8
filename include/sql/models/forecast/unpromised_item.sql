-- One row per open instalment of which no promise covers all, whatever day it is for: what is left of it, days since
-- its customer usually would have paid it (negative: still to come), and the band of the forecast that they fall into.
-- materialise: table
WITH promised AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(expected) AS expected
    FROM promise_expected
    GROUP BY company_id, account_id, currency
),

owed AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(net_amount) AS amount
    FROM open_item
    GROUP BY company_id, account_id, currency
    HAVING SUM(net_amount) > 0
),

left_over AS (
    SELECT
        o.company_id,
        o.account_id,
        o.currency,
        CAST(
            1 - LEAST(CAST(COALESCE(p.expected, 0) AS DOUBLE) / CAST(o.amount AS DOUBLE), 1) AS DECIMAL(9, 8)
        ) AS share
    FROM owed AS o
    LEFT JOIN promised AS p
        ON o.company_id = p.company_id AND o.account_id = p.account_id AND o.currency = p.currency
),

item AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        DATE_DIFF('day', i.due_on, $as_of) - d.days_late AS days_since,
        CAST(i.net_amount AS DECIMAL(28, 4)) * f.share AS amount
    FROM open_item AS i
    INNER JOIN payment_delay AS d ON i.company_id = d.company_id AND i.account_id = d.account_id
    INNER JOIN left_over AS f
        ON i.company_id = f.company_id AND i.account_id = f.account_id AND i.currency = f.currency
    WHERE i.net_amount > 0
)

SELECT
    i.company_id,
    i.account_id,
    i.currency,
    i.days_since,
    i.amount,
    b.band
FROM item AS i
INNER JOIN policy.forecast_band AS b
    ON (b.over IS NULL OR i.days_since > b.over) AND (b.up_to IS NULL OR i.days_since <= b.up_to)
