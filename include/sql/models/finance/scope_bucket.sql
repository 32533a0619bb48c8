-- One row per scope, close and bucket with something open in it; totals in functional currency, not rounded.
-- materialise: table
SELECT
    s.company_id,
    s.dimension,
    s.member,
    v.currency,
    v.is_total,
    b.closed_on,
    b.bucket,
    SUM(b.items) AS items,
    SUM(b.open_amount * v.rate) AS open_amount,
    SUM(b.amount_days * v.rate) AS amount_days
FROM part_close AS b
INNER JOIN scope_part AS s
    ON b.company_id = s.company_id AND b.segment = s.segment AND b.rep_id = s.rep_id
INNER JOIN currency_view AS v ON b.company_id = v.company_id AND b.currency = v.from_currency
GROUP BY s.company_id, s.dimension, s.member, v.currency, v.is_total, b.closed_on, b.bucket
