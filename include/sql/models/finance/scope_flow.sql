-- One row per scope and day on which its ledger moved; totals in functional currency, not rounded.
-- materialise: table
SELECT
    s.company_id,
    s.dimension,
    s.member,
    v.currency,
    v.is_total,
    f.on_date,
    SUM(f.taken_over * v.rate) AS taken_over,
    SUM(f.sales * v.rate) AS sales,
    SUM(f.credit_notes * v.rate) AS credit_notes,
    SUM(f.receipts * v.rate) AS receipts,
    SUM(f.write_offs * v.rate) AS write_offs
FROM part_flow AS f
INNER JOIN scope_part AS s
    ON f.company_id = s.company_id AND f.segment = s.segment AND f.rep_id = s.rep_id
INNER JOIN currency_view AS v ON f.company_id = v.company_id AND f.currency = v.from_currency
GROUP BY s.company_id, s.dimension, s.member, v.currency, v.is_total, f.on_date
