-- One row per scope, window, bucket at a month end and what became of the money by the next one.
-- metrics:
--   roll_rate:
--     title_en: Roll rate
--     title_zh: 迁徙率
--     formula_en: Of what stood open in a bucket at a month end, the share that a month later stands in each bucket, is
--       paid, or is written off; rolled is any later bucket and what was written off together
--     formula_zh: 月末某账龄段未清金额中，次月末处于各账龄段、已回款、已核销的比例；rolled＝进入更后账龄段与核销之和
--     source: Beijing CPA institute, note 2020-3 (worked example with a write-off); chinaacc 9526128 (without one)
--     unit: share
--     window: m1, m3, m12
--     edge_en: Written off counts as rolled, never as paid; credit notes count as paid. Only steps between month ends
--       count, so the newest month is the last that is over, and in the middle of a month m12 holds the steps between
--       the month ends that the policy measures. Each instalment is followed by itself. Segments and reps are told for
--       the longest window only. A bucket in which nothing stood has no rows
--     edge_zh: 核销计入迁徙，绝不视同回款；红字视同回款。仅计月末之间的变动，最近一期为最后一个已结束的月份，月中时 m12 为政策所计月末之间的各期。逐笔分期跟踪；客户类别与
--       业务员级仅列最长期间；期初无余额的账龄段不列示
-- materialise: table
WITH last_end AS (
    SELECT MAX(closed_on) AS closed_on
    FROM policy.close_day
    WHERE is_month_end
),

step AS (
    SELECT
        c.closed_on AS to_on,
        c.previous_close AS from_on,
        w."window",
        MAX(w.months) OVER (PARTITION BY c.closed_on) AS longest,
        w.months
    FROM last_end AS e
    INNER JOIN policy.close_window AS w ON e.closed_on = w.closed_on AND w."window" <> 'mtd'
    INNER JOIN policy.close_day AS c
        ON w.closed_on >= c.closed_on AND w.opening_on < c.closed_on AND c.is_month_end
    INNER JOIN policy.close_day AS b ON c.previous_close = b.closed_on
),

written AS (
    SELECT
        s.company_id,
        s.document_id,
        s.seq,
        c.closed_on AS to_on,
        SUM(s.amount) AS amount
    FROM settled_line AS s
    INNER JOIN policy.close_day AS c
        ON c.is_month_end AND s.counts_on > c.previous_close AND s.counts_on <= c.closed_on
    WHERE s.source_kind = 'write_off'
    GROUP BY s.company_id, s.document_id, s.seq, c.closed_on
),

due AS (
    SELECT
        f.company_id,
        f.document_id,
        f.seq,
        f.account_id,
        f.currency,
        f.due_on,
        f.bucket,
        f.open_amount,
        c.closed_on AS to_on,
        f.to_on IS NULL OR f.to_on > c.closed_on AS is_unchanged,
        LEAST(GREATEST(DATE_DIFF('day', f.due_on, c.closed_on), 0), p.last_day) AS bucket_day
    FROM close_item AS f
    INNER JOIN policy.close_day AS c ON f.closed_on = c.previous_close AND c.is_month_end
    CROSS JOIN policy.parameter AS p
),

-- most of what is open at a month end has not moved by the next; only the rest is looked up there
followed AS (
    SELECT
        f.company_id,
        f.account_id,
        f.currency,
        f.to_on,
        f.bucket AS from_bucket,
        d.bucket AS to_bucket,
        f.open_amount AS from_amount,
        f.open_amount,
        0 AS written_amount
    FROM due AS f
    INNER JOIN policy.day AS d ON f.bucket_day = d.day
    WHERE f.is_unchanged
    UNION ALL
    SELECT
        f.company_id,
        f.account_id,
        f.currency,
        f.to_on,
        f.bucket AS from_bucket,
        t.bucket AS to_bucket,
        f.open_amount AS from_amount,
        LEAST(COALESCE(t.open_amount, 0), f.open_amount) AS open_amount,
        LEAST(
            COALESCE(w.amount, 0), f.open_amount - LEAST(COALESCE(t.open_amount, 0), f.open_amount)
        ) AS written_amount
    FROM due AS f
    LEFT JOIN close_item AS t
        ON
            f.company_id = t.company_id
            AND f.document_id = t.document_id
            AND f.seq = t.seq
            AND f.to_on = t.closed_on
    LEFT JOIN written AS w
        ON
            f.company_id = w.company_id
            AND f.document_id = w.document_id
            AND f.seq = w.seq
            AND f.to_on = w.to_on
    WHERE NOT f.is_unchanged
),

part AS (
    SELECT
        f.company_id,
        m.segment,
        m.rep_id,
        f.currency,
        f.to_on,
        f.from_bucket,
        f.to_bucket,
        SUM(f.from_amount) AS from_amount,
        SUM(f.open_amount) AS open_amount,
        SUM(f.written_amount) AS written_amount
    FROM followed AS f
    INNER JOIN account_member AS m ON f.company_id = m.company_id AND f.account_id = m.account_id
    GROUP BY f.company_id, m.segment, m.rep_id, f.currency, f.to_on, f.from_bucket, f.to_bucket
),

-- summed up to windows before it is told by scope: segments and reps need the longest one alone
windowed AS (
    SELECT
        p.company_id,
        p.segment,
        p.rep_id,
        p.currency,
        e."window",
        e.months = e.longest AS is_longest,
        p.from_bucket,
        p.to_bucket,
        SUM(p.from_amount) AS from_amount,
        SUM(p.open_amount) AS open_amount,
        SUM(p.written_amount) AS written_amount
    FROM part AS p
    INNER JOIN step AS e ON p.to_on = e.to_on
    GROUP BY
        p.company_id, p.segment, p.rep_id, p.currency, e."window", e.months = e.longest, p.from_bucket, p.to_bucket
),

told AS (
    SELECT
        s.company_id,
        s.dimension,
        s.member,
        v.currency,
        v.is_total,
        p."window",
        p.from_bucket,
        p.to_bucket,
        SUM(p.from_amount * v.rate) AS from_amount,
        SUM(p.open_amount * v.rate) AS open_amount,
        SUM(p.written_amount * v.rate) AS written_amount
    FROM windowed AS p
    INNER JOIN scope_part AS s
        ON
            p.company_id = s.company_id
            AND p.segment = s.segment
            AND p.rep_id = s.rep_id
            AND (p.is_longest OR s.dimension = 'company')
    INNER JOIN currency_view AS v ON p.company_id = v.company_id AND p.currency = v.from_currency
    GROUP BY s.company_id, s.dimension, s.member, v.currency, v.is_total, p."window", p.from_bucket, p.to_bucket
),

moved AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        "window",
        from_bucket,
        to_bucket,
        open_amount AS amount
    FROM told
    WHERE to_bucket IS NOT NULL
    UNION ALL
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        "window",
        from_bucket,
        'paid' AS to_bucket,
        from_amount - open_amount - written_amount AS amount
    FROM told
    UNION ALL
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        "window",
        from_bucket,
        'written_off' AS to_bucket,
        written_amount AS amount
    FROM told
    UNION ALL
    SELECT
        t.company_id,
        t.dimension,
        t.member,
        t.currency,
        t.is_total,
        t."window",
        t.from_bucket,
        'rolled' AS to_bucket,
        t.written_amount + CASE WHEN b.place > a.place THEN t.open_amount ELSE 0 END AS amount
    FROM told AS t
    INNER JOIN policy.bucket AS a ON t.from_bucket = a.bucket
    LEFT JOIN policy.bucket AS b ON t.to_bucket = b.bucket
),

stood AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        "window",
        from_bucket,
        SUM(from_amount) AS amount
    FROM told
    GROUP BY company_id, dimension, member, currency, is_total, "window", from_bucket
),

became AS (
    SELECT
        company_id,
        dimension,
        member,
        currency,
        is_total,
        "window",
        from_bucket,
        to_bucket,
        SUM(amount) AS amount
    FROM moved
    GROUP BY company_id, dimension, member, currency, is_total, "window", from_bucket, to_bucket
)

SELECT
    s.scope,
    b.company_id,
    b.dimension,
    b.member,
    b.currency,
    b.is_total,
    b."window",
    b.from_bucket,
    b.to_bucket,
    f.amount AS from_amount,
    b.amount,
    CAST(CAST(b.amount AS DOUBLE) / CAST(f.amount AS DOUBLE) AS DECIMAL(18, 15)) AS rate
FROM became AS b
INNER JOIN stood AS f
    ON
        b.company_id = f.company_id
        AND b.dimension = f.dimension
        AND b.member = f.member
        AND b.currency = f.currency
        AND b.is_total = f.is_total
        AND b."window" = f."window"
        AND b.from_bucket = f.from_bucket
INNER JOIN scope AS s
    ON
        b.company_id = s.company_id
        AND b.dimension = s.dimension
        AND b.member = s.member
        AND b.currency = s.currency
        AND b.is_total = s.is_total
