-- One row per account and currency with anything open or any free credit. Currencies are never summed (rule 6).
-- materialise: table
WITH item AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(open_amount) AS open_amount,
        SUM(net_amount) AS net_amount,
        SUM(disputed_amount) AS disputed_amount,
        SUM(collectable_amount) AS collectable_amount,
        SUM(collectable_amount) FILTER (WHERE days_past_due > 0) AS overdue_amount,
        SUM(open_amount) FILTER (WHERE bucket = 'not_due') AS not_due,
        SUM(open_amount) FILTER (WHERE bucket = 'd1_30') AS d1_30,
        SUM(open_amount) FILTER (WHERE bucket = 'd31_60') AS d31_60,
        SUM(open_amount) FILTER (WHERE bucket = 'd61_90') AS d61_90,
        SUM(open_amount) FILTER (WHERE bucket = 'd91_180') AS d91_180,
        SUM(open_amount) FILTER (WHERE bucket = 'd181_365') AS d181_365,
        SUM(open_amount) FILTER (WHERE bucket = 'd366_plus') AS d366_plus,
        MAX(CASE WHEN collectable_amount > 0 THEN days_past_due END) AS max_days_past_due
    FROM open_item
    GROUP BY company_id, account_id, currency
)

SELECT
    COALESCE(i.company_id, f.company_id) AS company_id,
    COALESCE(i.account_id, f.account_id) AS account_id,
    COALESCE(i.currency, f.currency) AS currency,
    COALESCE(i.open_amount, 0) AS open_amount,
    COALESCE(f.free_credit, 0) AS free_credit,
    COALESCE(i.net_amount, 0) AS net_amount,
    COALESCE(f.free_credit, 0) - (COALESCE(i.open_amount, 0) - COALESCE(i.net_amount, 0)) AS credit_balance,
    COALESCE(i.disputed_amount, 0) AS disputed_amount,
    COALESCE(i.collectable_amount, 0) AS collectable_amount,
    COALESCE(i.overdue_amount, 0) AS overdue_amount,
    COALESCE(i.not_due, 0) AS not_due,
    COALESCE(i.d1_30, 0) AS d1_30,
    COALESCE(i.d31_60, 0) AS d31_60,
    COALESCE(i.d61_90, 0) AS d61_90,
    COALESCE(i.d91_180, 0) AS d91_180,
    COALESCE(i.d181_365, 0) AS d181_365,
    COALESCE(i.d366_plus, 0) AS d366_plus,
    COALESCE(i.max_days_past_due, 0) AS max_days_past_due
FROM item AS i
FULL OUTER JOIN free_credit AS f
    ON i.company_id = f.company_id AND i.account_id = f.account_id AND i.currency = f.currency
