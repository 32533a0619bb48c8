-- One row per open promise that money is still owed for: what is still to come of it, its week (none when its day lies
-- beyond the last one), and what of it may be expected by the customer's record, which the record of all customers of
-- the company steadies where it is short. Nobody pays what he does not owe: in the order of their days, promises about
-- a document share what is owed for it, net, and all promises of an account in a currency what it owes in that.
-- materialise: table
WITH judged AS (
    SELECT
        s.company_id,
        s.account_id,
        SUM(CAST(s.amount AS DECIMAL(28, 4)) * r.rate) AS promised,
        SUM(CAST(LEAST(s.received_amount, s.amount) AS DECIMAL(28, 4)) * r.rate) AS received
    FROM promise_status AS s
    INNER JOIN company_rate AS r ON s.company_id = r.company_id AND s.currency = r.currency
    WHERE s.state IN ('kept', 'partially_kept', 'broken')
    GROUP BY s.company_id, s.account_id
),

company AS (
    SELECT
        company_id,
        CAST(SUM(received) AS DOUBLE) / NULLIF(CAST(SUM(promised) AS DOUBLE), 0) AS kept_share
    FROM judged
    GROUP BY company_id
),

made AS (
    SELECT
        s.company_id,
        s.promise_id,
        s.account_id,
        s.currency,
        s.document_id,
        s.state,
        s.promised_for,
        CAST(GREATEST(s.amount - s.received_since_amount, 0) AS DECIMAL(28, 4)) AS amount,
        COUNT(*) OVER (
            PARTITION BY m.company_id, m.account_id, m.currency, COALESCE(m.document_id, ''), m.made_on
        ) AS parts
    FROM promise_status AS s
    INNER JOIN ledger.promise AS m ON s.company_id = m.company_id AND s.promise_id = m.promise_id
),

document_owed AS (
    SELECT
        company_id,
        document_id,
        SUM(net_amount) AS amount
    FROM open_item
    GROUP BY company_id, document_id
),

account_owed AS (
    SELECT
        company_id,
        account_id,
        currency,
        SUM(net_amount) AS amount
    FROM open_item
    GROUP BY company_id, account_id, currency
),

of_document AS (
    SELECT
        m.company_id,
        m.promise_id,
        m.account_id,
        m.currency,
        m.promised_for,
        m.parts,
        CASE
            WHEN m.document_id IS NULL THEN m.amount
            ELSE GREATEST(
                LEAST(
                    m.amount,
                    COALESCE(d.amount, 0) + m.amount - SUM(m.amount) OVER (
                        PARTITION BY m.company_id, m.document_id ORDER BY m.promised_for, m.promise_id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                    )
                ),
                0
            )
        END AS amount
    FROM made AS m
    LEFT JOIN document_owed AS d ON m.company_id = d.company_id AND m.document_id = d.document_id
    WHERE m.state = 'open' AND m.amount > 0
),

of_account AS (
    SELECT
        m.company_id,
        m.promise_id,
        m.account_id,
        m.currency,
        m.promised_for,
        m.parts,
        CAST(
            LEAST(
                m.amount,
                a.amount + m.amount - SUM(m.amount) OVER (
                    PARTITION BY m.company_id, m.account_id, m.currency ORDER BY m.promised_for, m.promise_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                )
            ) AS DECIMAL(28, 4)
        ) AS amount
    FROM of_document AS m
    INNER JOIN account_owed AS a
        ON m.company_id = a.company_id AND m.account_id = a.account_id AND m.currency = a.currency
)

SELECT
    m.company_id,
    m.promise_id,
    m.account_id,
    m.currency,
    CASE WHEN m.parts > 1 THEN 'plan' ELSE 'promise' END AS component,
    w.place,
    m.amount,
    m.amount * CAST(
        (
            CAST(COALESCE(j.received, 0) AS DOUBLE)
            + CAST(p.prior AS DOUBLE) * COALESCE(c.kept_share, CAST(p.unknown_kept AS DOUBLE))
        ) / (CAST(COALESCE(j.promised, 0) AS DOUBLE) + CAST(p.prior AS DOUBLE)) AS DECIMAL(9, 6)
    ) AS expected
FROM of_account AS m
CROSS JOIN policy.forecast_parameter AS p
LEFT JOIN policy.forecast_week AS w
    ON GREATEST(m.promised_for, p.monday) >= w.week_from AND GREATEST(m.promised_for, p.monday) <= w.week_to
LEFT JOIN judged AS j ON m.company_id = j.company_id AND m.account_id = j.account_id
LEFT JOIN company AS c ON m.company_id = c.company_id
WHERE m.amount > 0
