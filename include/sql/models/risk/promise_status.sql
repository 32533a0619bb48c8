-- One row per promise made by as-of: what came in between the promise and its day plus tolerance (domain rule 9).
-- A promise about a document counts receipts allocated to it; one about the account, or about a document that the
-- night does not hold, counts the account's receipts, and so does every promise in a ledger without allocations. It is
-- judged when its window has closed; a newer promise takes the place of one whose day had not passed.
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

subject_of AS (
    SELECT
        m.*,
        COALESCE(d.document_id IS NOT NULL AND p.table_name IS NOT NULL, FALSE) AS is_about_document
    FROM made AS m
    LEFT JOIN ledger.document AS d
        ON
            m.company_id = d.company_id
            AND m.document_id = d.document_id
            AND m.account_id = d.account_id
            AND m.currency = d.currency
            AND d.issued_on <= $as_of
    LEFT JOIN ledger.present AS p ON p.table_name = 'allocation'
),

paid AS (
    SELECT
        m.company_id,
        m.promise_id,
        m.promised_for,
        m.tolerance_days,
        r.received_on,
        a.amount
    FROM subject_of AS m
    INNER JOIN counted_allocation AS a
        ON m.company_id = a.company_id AND m.document_id = a.document_id AND a.source_kind = 'receipt'
    INNER JOIN ledger.receipt AS r ON a.company_id = r.company_id AND a.source_id = r.receipt_id
    WHERE m.is_about_document AND r.received_on >= m.made_on AND r.received_on <= $as_of
    UNION ALL
    SELECT
        m.company_id,
        m.promise_id,
        m.promised_for,
        m.tolerance_days,
        r.received_on,
        r.amount
    FROM subject_of AS m
    INNER JOIN ledger.receipt AS r
        ON m.company_id = r.company_id AND m.account_id = r.account_id AND m.currency = r.currency
    WHERE NOT m.is_about_document AND r.received_on >= m.made_on AND r.received_on <= $as_of
),

received AS (
    SELECT
        company_id,
        promise_id,
        SUM(amount) AS received_since_amount,
        SUM(amount) FILTER (WHERE DATE_DIFF('day', promised_for, received_on) <= tolerance_days) AS received_amount
    FROM paid
    GROUP BY company_id, promise_id
),

judged AS (
    SELECT
        m.*,
        COALESCE(r.received_amount, 0) AS received_amount,
        COALESCE(r.received_since_amount, 0) AS received_since_amount,
        DATE_DIFF('day', m.promised_for, $as_of) >= m.tolerance_days AS is_over
    FROM subject_of AS m
    LEFT JOIN received AS r ON m.company_id = r.company_id AND m.promise_id = r.promise_id
),

stated AS (
    SELECT
        *,
        CASE
            WHEN received_amount >= amount THEN 'kept'
            WHEN withdrawn_on <= $as_of AND DATE_DIFF('day', promised_for, withdrawn_on) <= tolerance_days
                THEN 'withdrawn'
            WHEN next_made_on <= promised_for THEN 'withdrawn'
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
    CASE WHEN is_about_document THEN document_id END AS document_id,
    received_since_amount,
    next_made_on IS NULL AS is_latest
FROM stated
