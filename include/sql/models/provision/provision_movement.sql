-- One row per company and currency, and one per company in functional currency: how the allowance of the month before
-- became tonight's. It opens with what the last night of an earlier month closed with, as that night is known now: in
-- the version that closed the month, else in its newest run; without such a night, with what the policy says stood in
-- the books. What is needed beyond use and recovery is charged, what is not is released.
-- materialise: table
WITH tonight AS (
    SELECT
        company_id,
        currency,
        SUM(amount) AS closing,
        CASE WHEN COUNT(*) = COUNT(amount_functional) THEN SUM(amount_functional) END AS closing_functional
    FROM provision
    GROUP BY company_id, currency
),

known AS (
    SELECT DISTINCT company_id
    FROM opening.provision_movement
),

opened AS (
    SELECT
        company_id,
        currency,
        is_total,
        closing AS opening
    FROM opening.provision_movement
    UNION ALL
    SELECT
        o.company_id,
        o.currency,
        FALSE AS is_total,
        o.amount AS opening
    FROM policy.provision_opening AS o
    LEFT JOIN known AS k ON o.company_id = k.company_id
    WHERE k.company_id IS NULL
),

pair AS (
    SELECT
        company_id,
        currency
    FROM tonight
    UNION
    SELECT
        company_id,
        currency
    FROM opened
    WHERE NOT is_total
    UNION
    SELECT
        company_id,
        currency
    FROM provision_used
    WHERE written_off_ever <> 0 OR recovered_ever <> 0 OR write_off <> 0 OR recovery <> 0
),

moved AS (
    SELECT
        p.company_id,
        p.currency,
        CAST(COALESCE(o.opening, 0) AS DECIMAL(28, 4)) AS opening,
        CAST(COALESCE(u.write_off, 0) AS DECIMAL(28, 4)) AS write_off,
        CAST(COALESCE(u.recovery, 0) AS DECIMAL(28, 4)) AS recovery,
        COALESCE(u.written_off_ever, 0) AS written_off_ever,
        COALESCE(u.recovered_ever, 0) AS recovered_ever,
        COALESCE(t.closing, 0) AS closing,
        CASE WHEN t.company_id IS NULL THEN 0 ELSE t.closing_functional END AS closing_functional,
        CAST(
            COALESCE(t.closing, 0) - COALESCE(o.opening, 0) + COALESCE(u.write_off, 0) - COALESCE(u.recovery, 0)
            AS DECIMAL(28, 4)
        ) AS net
    FROM pair AS p
    LEFT JOIN tonight AS t ON p.company_id = t.company_id AND p.currency = t.currency
    LEFT JOIN opened AS o ON p.company_id = o.company_id AND p.currency = o.currency AND NOT o.is_total
    LEFT JOIN provision_used AS u ON p.company_id = u.company_id AND p.currency = u.currency
),

-- a currency in which nothing stands or moves any more needs no rate
rated AS (
    SELECT
        m.*,
        COALESCE(r.rate, 0) AS rate,
        (m.opening <> 0 OR m.write_off <> 0 OR m.recovery <> 0 OR m.closing <> 0)
        AND (r.rate IS NULL OR m.closing_functional IS NULL) AS lacks_rate
    FROM moved AS m
    LEFT JOIN company_rate AS r ON m.company_id = r.company_id AND m.currency = r.currency
),

translated AS (
    SELECT
        company_id,
        SUM(opening * rate) AS opening,
        SUM(GREATEST(net, 0) * rate) AS charge,
        SUM(GREATEST(-net, 0) * rate) AS release,
        SUM(write_off * rate) AS write_off,
        SUM(recovery * rate) AS recovery,
        SUM(COALESCE(closing_functional, 0)) AS closing
    FROM rated
    GROUP BY company_id
    HAVING NOT BOOL_OR(lacks_rate)
),

line AS (
    SELECT
        t.company_id,
        v.line,
        CASE v.line
            WHEN 'opening' THEN t.opening
            WHEN 'charge' THEN t.charge
            WHEN 'release' THEN t.release
            WHEN 'write_off' THEN t.write_off
            ELSE t.recovery
        END AS amount
    FROM translated AS t
    CROSS JOIN (
        VALUES ('opening'), ('charge'), ('release'), ('write_off'), ('recovery')
    ) AS v (line)
),

rounded_line AS (
    SELECT
        l.company_id,
        c.functional_currency AS currency,
        l.line,
        CASE u.minor_units
            WHEN 0 THEN CAST(ROUND(l.amount, 0) AS DECIMAL(18, 4))
            WHEN 3 THEN CAST(ROUND(l.amount, 3) AS DECIMAL(18, 4))
            WHEN 4 THEN CAST(ROUND(l.amount, 4) AS DECIMAL(18, 4))
            ELSE CAST(ROUND(l.amount, 2) AS DECIMAL(18, 4))
        END AS amount
    FROM line AS l
    INNER JOIN ledger.company AS c ON l.company_id = c.company_id
    LEFT JOIN policy.currency AS u ON c.functional_currency = u.currency
),

rounded AS (
    SELECT
        company_id,
        currency,
        MAX(CASE WHEN line = 'opening' THEN amount END) AS opening_now,
        MAX(CASE WHEN line = 'charge' THEN amount END) AS charge,
        MAX(CASE WHEN line = 'release' THEN amount END) AS release,
        MAX(CASE WHEN line = 'write_off' THEN amount END) AS write_off,
        MAX(CASE WHEN line = 'recovery' THEN amount END) AS recovery
    FROM rounded_line
    GROUP BY company_id, currency
),

-- translation is what the opening is worth more, or less, at the rate of tonight; cents of rounding go with the charge
total AS (
    SELECT
        r.*,
        COALESCE(o.opening, r.opening_now) AS opening,
        r.opening_now - COALESCE(o.opening, r.opening_now) AS fx,
        t.closing,
        t.closing - r.opening_now + r.write_off - r.recovery AS net
    FROM rounded AS r
    INNER JOIN translated AS t ON r.company_id = t.company_id
    LEFT JOIN opened AS o ON r.company_id = o.company_id AND o.is_total
),

charged AS (
    SELECT
        *,
        CASE WHEN charge = 0 OR release = 0 THEN GREATEST(net, 0) ELSE GREATEST(charge, net) END AS charge_total
    FROM total
),

stated AS (
    SELECT
        company_id,
        currency,
        FALSE AS is_total,
        opening,
        GREATEST(net, 0) AS charge,
        GREATEST(-net, 0) AS release,
        write_off,
        recovery,
        0 AS fx,
        closing,
        written_off_ever,
        recovered_ever
    FROM moved
    UNION ALL
    SELECT
        company_id,
        currency,
        TRUE AS is_total,
        opening,
        charge_total AS charge,
        charge_total - net AS release,
        write_off,
        recovery,
        fx,
        closing,
        NULL AS written_off_ever,
        NULL AS recovered_ever
    FROM charged
)

SELECT
    s.*,
    d.month
FROM stated AS s
INNER JOIN policy.close_day AS d ON d.closed_on = $as_of
