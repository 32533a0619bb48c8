-- One row per company and rep: the terms that the invoices of the rep's accounts were given.
-- metrics:
--   terms_days:
--     title_en: Terms granted
--     title_zh: 授予账期
--     formula_en: Σ (amount × days from issue to due date) ÷ Σ amount, of invoices issued in the window
--     formula_zh: Σ（金额 × 开单至到期天数）÷ Σ 金额，期间内开具的发票
--     source: Domain C7, terms granted loosely; weighted by amount in functional currency
--     unit: days
--     window: window_months of the policy's finance.reps
--     edge_en: Instalment by instalment. Fewer invoices than min_items give no figure; a currency without a rate is
--       left out
--     edge_zh: 逐笔分期计算；发票少于 min_items 时无值，缺汇率的币种不计
-- materialise: table
WITH granted AS (
    SELECT
        d.company_id,
        d.account_id,
        d.document_id,
        CAST(COALESCE(i.amount, d.amount) AS DECIMAL(28, 4)) * r.rate AS amount,
        DATE_DIFF('day', d.issued_on, COALESCE(i.due_on, d.due_on)) AS days
    FROM ledger.document AS d
    CROSS JOIN policy.rep_parameter AS p
    INNER JOIN company_rate AS r ON d.company_id = r.company_id AND d.currency = r.currency
    LEFT JOIN ledger.instalment AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE d.kind = 'invoice' AND d.issued_on > p.window_from AND d.issued_on <= $as_of
),

told AS (
    SELECT
        g.company_id,
        m.rep_id,
        COUNT(DISTINCT g.document_id) AS items,
        SUM(CAST(g.amount AS DOUBLE) * g.days) / NULLIF(SUM(CAST(g.amount AS DOUBLE)), 0) AS value
    FROM granted AS g
    INNER JOIN account_member AS m ON g.company_id = m.company_id AND g.account_id = m.account_id
    GROUP BY g.company_id, m.rep_id
)

SELECT
    'terms_days' AS name,
    t.company_id,
    t.rep_id,
    CAST(t.value AS DECIMAL(38, 12)) AS value
FROM told AS t
CROSS JOIN policy.rep_parameter AS p
WHERE t.items >= p.min_items
