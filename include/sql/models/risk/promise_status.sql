-- One row per promise made by as-of: what came in between the promise and its day plus tolerance (domain rule 9).
-- A promise about a document counts receipts allocated to it, and receipts not yet allocated as far as the night's own
-- netting lays them on that document; one about the account, or about a document that the night does not hold, counts
-- the account's receipts, and so does every promise in a ledger without allocations. It is
-- judged when its window has closed; a newer promise takes the place of one whose day had not passed.
-- Promises about the same made on the same day are instalments of one: money fills them in the order of their days.
-- materialise: table
WITH told AS (
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
        v.promise_tolerance_days AS tolerance_days,
        COALESCE(m.document_id, '') AS subject
    FROM ledger.promise AS m
    INNER JOIN account_scope AS s ON m.company_id = s.company_id AND m.account_id = s.account_id
    INNER JOIN policy.variant_parameter AS v ON s.variant = v.variant
    WHERE m.made_on <= $as_of
),

talk AS (
    SELECT
        company_id,
        account_id,
        currency,
        subject,
        made_on,
        LEAD(made_on) OVER (PARTITION BY company_id, account_id, currency, subject ORDER BY made_on) AS next_made_on
    FROM told
    GROUP BY company_id, account_id, currency, subject, made_on
),

made AS (
    SELECT
        m.*,
        t.next_made_on,
        SUM(m.amount) OVER (
            PARTITION BY m.company_id, m.account_id, m.currency, m.subject, m.made_on
            ORDER BY m.promised_for, m.promise_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) - m.amount AS amount_before,
        LEAD(m.promise_id) OVER (
            PARTITION BY m.company_id, m.account_id, m.currency, m.subject, m.made_on
            ORDER BY m.promised_for, m.promise_id
        ) IS NOT NULL AS has_next_part
    FROM told AS m
    INNER JOIN talk AS t
        ON
            m.company_id = t.company_id
            AND m.account_id = t.account_id
            AND m.currency = t.currency
            AND m.subject = t.subject
            AND m.made_on = t.made_on
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

covered AS (
    SELECT
        company_id,
        document_id,
        SUM(amount) AS amount
    FROM consumed_credit
    GROUP BY company_id, document_id
),

unapplied AS (
    SELECT
        m.company_id,
        m.promise_id,
        LEAST(MAX(c.amount), SUM(f.amount)) AS received_since_amount,
        LEAST(
            MAX(c.amount),
            SUM(CASE WHEN DATE_DIFF('day', m.promised_for, r.received_on) <= m.tolerance_days THEN f.amount ELSE 0 END)
        ) AS received_amount
    FROM subject_of AS m
    INNER JOIN covered AS c ON m.company_id = c.company_id AND m.document_id = c.document_id
    INNER JOIN credit AS f
        ON
            m.company_id = f.company_id
            AND m.account_id = f.account_id
            AND m.currency = f.currency
            AND f.source_kind = 'receipt'
    INNER JOIN ledger.receipt AS r ON f.company_id = r.company_id AND f.source_id = r.receipt_id
    WHERE m.is_about_document AND r.received_on >= m.made_on
    GROUP BY m.company_id, m.promise_id
),

received AS (
    SELECT
        company_id,
        promise_id,
        SUM(received_since_amount) AS received_since_amount,
        SUM(received_amount) AS received_amount
    FROM (
        SELECT
            company_id,
            promise_id,
            amount AS received_since_amount,
            CASE WHEN DATE_DIFF('day', promised_for, received_on) <= tolerance_days THEN amount ELSE 0 END
                AS received_amount
        FROM paid
        UNION ALL
        SELECT
            company_id,
            promise_id,
            received_since_amount,
            received_amount
        FROM unapplied
    ) AS part
    GROUP BY company_id, promise_id
),

judged AS (
    SELECT
        m.*,
        LEAST(
            GREATEST(COALESCE(r.received_amount, 0) - m.amount_before, 0),
            CASE WHEN m.has_next_part THEN m.amount ELSE COALESCE(r.received_amount, 0) END
        ) AS received_amount,
        LEAST(
            GREATEST(COALESCE(r.received_since_amount, 0) - m.amount_before, 0),
            CASE WHEN m.has_next_part THEN m.amount ELSE COALESCE(r.received_since_amount, 0) END
        ) AS received_since_amount,
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
        END AS state,
        next_made_on <= promised_for AND received_since_amount = 0 AS is_moved
    FROM judged
),

broken AS (
    SELECT
        company_id,
        account_id,
        currency,
        subject,
        made_on,
        SUM(MAX(CASE WHEN state = 'broken' THEN 1 ELSE 0 END)) OVER (
            PARTITION BY company_id, account_id, currency, subject ORDER BY made_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS broken_before,
        SUM(MAX(CASE WHEN is_moved THEN 1 ELSE 0 END)) OVER (
            PARTITION BY company_id, account_id, currency, subject ORDER BY made_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS moved_before
    FROM stated
    GROUP BY company_id, account_id, currency, subject, made_on
)

SELECT
    s.company_id,
    s.promise_id,
    s.account_id,
    s.state,
    s.received_amount,
    1 + COALESCE(b.broken_before, 0) AS level,
    s.amount,
    s.currency,
    s.promised_for,
    CASE WHEN s.is_about_document THEN s.document_id END AS document_id,
    s.received_since_amount,
    s.next_made_on IS NULL AS is_latest,
    COALESCE(b.moved_before, 0) AS moved_before
FROM stated AS s
INNER JOIN broken AS b
    ON
        s.company_id = b.company_id
        AND s.account_id = b.account_id
        AND s.currency = b.currency
        AND s.subject = b.subject
        AND s.made_on = b.made_on
