-- One row per scope and root cause of money overdue at as-of.
-- metrics:
--   root_cause:
--     title_en: Root causes of not paying
--     title_zh: 未回款原因
--     formula_en: Overdue amount and accounts with money overdue, by the root cause of the youngest reason that the
--       account gave; share_pct of all that is overdue in the scope
--     formula_zh: 按客户最近一次给出的原因归类的逾期金额与逾期客户数；share_pct 为占本范围逾期金额的比例
--     source: Domain C5; root_causes of the policy says which reason codes mean which cause
--     unit: currency
--     window: as_of
--     edge_en: A reason counts from a talk or a dispute as long as the playbooks' look_back_days say, resolved or not;
--       the younger one counts, and of the same day the dispute. A talk counts by the company's local day. Who gave no
--       reason, or one that the policy does not know, is unknown. Amounts add up to overdue_amount of the scope; an
--       account that owes in two currencies is one account in the total
--     edge_zh: 取政策 look_back_days 内最近一次沟通或争议（无论是否已解决）给出的原因，同日以争议为准；沟通按公司所在时区的日期计；未给出原因或原因未在政策中归类者
--       为 unknown。金额之和等于本范围的 overdue_amount；欠多币种的客户在合计中只算一户
-- materialise: table
WITH given AS (
    SELECT
        company_id,
        account_id,
        reason_code,
        contacted_on AS given_on,
        'contact_log' AS source,
        log_id AS given_id
    FROM dated_contact
    WHERE reason_code IS NOT NULL
    UNION ALL
    SELECT
        d.company_id,
        o.account_id,
        d.reason_code,
        d.opened_on AS given_on,
        'dispute' AS source,
        d.dispute_id AS given_id
    FROM ledger.dispute AS d
    INNER JOIN ledger.document AS o ON d.company_id = o.company_id AND d.document_id = o.document_id
    WHERE d.reason_code IS NOT NULL AND d.opened_on <= $as_of
),

latest AS (
    SELECT
        g.company_id,
        g.account_id,
        COALESCE(c.cause, 'unknown') AS cause,
        ROW_NUMBER() OVER (
            PARTITION BY g.company_id, g.account_id ORDER BY g.given_on DESC, g.source DESC, g.given_id DESC
        ) AS place
    FROM given AS g
    CROSS JOIN policy.script_window AS w
    LEFT JOIN policy.root_cause AS c ON g.reason_code = c.reason_code
    WHERE g.given_on > w.reasons_from
),

late AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        COALESCE(l.cause, 'unknown') AS cause,
        SUM(i.open_amount) AS amount
    FROM close_account AS i
    LEFT JOIN latest AS l ON i.company_id = l.company_id AND i.account_id = l.account_id AND l.place = 1
    WHERE i.closed_on = $as_of AND i.bucket <> 'not_due'
    GROUP BY i.company_id, i.account_id, i.currency, COALESCE(l.cause, 'unknown')
),

viewed AS (
    SELECT
        l.company_id,
        l.account_id,
        v.currency,
        v.is_total,
        l.cause,
        SUM(l.amount * v.rate) AS amount
    FROM late AS l
    INNER JOIN currency_view AS v ON l.company_id = v.company_id AND l.currency = v.from_currency
    GROUP BY l.company_id, l.account_id, v.currency, v.is_total, l.cause
),

told AS (
    SELECT
        l.company_id,
        s.dimension,
        s.member,
        l.currency,
        l.is_total,
        l.cause,
        COUNT(*) AS accounts,
        SUM(l.amount) AS overdue_amount
    FROM viewed AS l
    INNER JOIN account_member AS m ON l.company_id = m.company_id AND l.account_id = m.account_id
    INNER JOIN scope_part AS s ON m.company_id = s.company_id AND m.segment = s.segment AND m.rep_id = s.rep_id
    GROUP BY l.company_id, s.dimension, s.member, l.currency, l.is_total, l.cause
),

whole AS (
    SELECT
        *,
        SUM(overdue_amount) OVER (PARTITION BY company_id, dimension, member, currency, is_total) AS all_amount
    FROM told
)

SELECT
    s.scope,
    w.company_id,
    w.dimension,
    w.member,
    w.currency,
    w.is_total,
    w.cause,
    w.accounts,
    w.overdue_amount,
    CAST(100 * CAST(w.overdue_amount AS DOUBLE) / CAST(w.all_amount AS DOUBLE) AS DECIMAL(9, 2)) AS share_pct
FROM whole AS w
INNER JOIN scope AS s
    ON
        w.company_id = s.company_id
        AND w.dimension = s.dimension
        AND w.member = s.member
        AND w.currency = s.currency
        AND w.is_total = s.is_total
