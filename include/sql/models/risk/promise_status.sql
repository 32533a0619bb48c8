-- One row per promise made by as-of: what came in between the promise and its day plus tolerance (domain rule 9).
-- A promise about a document counts allocations of receipts to it; one about the account counts its receipts. It is
-- judged when its window has closed; a newer promise about the same thing takes the place of one still open.
-- materialise: table
WITH made AS (
    SELECT
        m.company_id,
        m.promise_id,
        m.account_id,
        m.document_id,
        m.currency,
        m.amount,
        m.made_on,
        m.promised_for,
        m.withdrawn_on,
        p.promise_tolerance_days AS tolerance_days,
        COALESCE(m.document_id, '') AS subject,
        LEAD(m.made_on) OVER (
            PARTITION BY m.company_id, m.account_id, m.currency, COALESCE(m.document_id, '')
            ORDER BY m.made_on, m.promise_id
        ) AS next_made_on
    FROM ledger.promise AS m
    CROSS JOIN policy.parameter AS p
    WHERE m.made_on <= $as_of
),

about_document AS (
    SELECT
        m.company_id,
        m.promise_id,
        SUM(a.amount) AS amount
    FROM made AS m
    INNER JOIN counted_allocation AS a
        ON m.company_id = a.company_id AND m.document_id = a.document_id AND a.source_kind = 'receipt'
    INNER JOIN ledger.receipt AS r ON a.company_id = r.company_id AND a.source_id = r.receipt_id
    WHERE
        r.received_on >= m.made_on
        AND r.received_on <= $as_of
        AND DATE_DIFF('day', m.promised_for, r.received_on) <= m.tolerance_days
    GROUP BY m.company_id, m.promise_id
),

about_account AS (
    SELECT
        m.company_id,
        m.promise_id,
        SUM(r.amount) AS amount
    FROM made AS m
    INNER JOIN ledger.receipt AS r
        ON m.company_id = r.company_id AND m.account_id = r.account_id AND m.currency = r.currency
    WHERE
        m.document_id IS NULL
        AND r.received_on <= $as_of
        AND r.received_on >= m.made_on
        AND DATE_DIFF('day', m.promised_for, r.received_on) <= m.tolerance_days
    GROUP BY m.company_id, m.promise_id
),

judged AS (
    SELECT
        m.*,
        COALESCE(d.amount, a.amount, 0) AS received_amount,
        DATE_DIFF('day', m.promised_for, $as_of) >= m.tolerance_days AS is_over
    FROM made AS m
    LEFT JOIN about_document AS d ON m.company_id = d.company_id AND m.promise_id = d.promise_id
    LEFT JOIN about_account AS a ON m.company_id = a.company_id AND m.promise_id = a.promise_id
),

stated AS (
    SELECT
        *,
        CASE
            WHEN received_amount >= amount THEN 'kept'
            WHEN withdrawn_on <= $as_of AND DATE_DIFF('day', promised_for, withdrawn_on) <= tolerance_days
                THEN 'withdrawn'
            WHEN DATE_DIFF('day', promised_for, next_made_on) <= tolerance_days THEN 'withdrawn'
            WHEN NOT is_over THEN 'open'
            WHEN received_amount > 0 THEN 'partially_kept'
            ELSE 'broken'
        END AS state
    FROM judged
)

SELECT
    company_id,
    promise_id,
    account_id,
    state,
    received_amount,
    1 + COALESCE(
        SUM(CASE WHEN state = 'broken' THEN 1 ELSE 0 END) OVER (
            PARTITION BY company_id, account_id, currency, subject ORDER BY made_on, promise_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
    ) AS level,
    amount,
    currency,
    promised_for,
    document_id,
    next_made_on IS NULL AS is_latest
FROM stated
