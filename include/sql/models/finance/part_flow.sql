-- One row per part of a company, currency and day on which the ledger moved: what was taken over, sold, credited,
-- received and written off (rule 1 says what counts).
-- materialise: table
WITH flow AS (
    SELECT
        company_id,
        account_id,
        currency,
        issued_on AS on_date,
        CASE WHEN kind = 'opening_balance' THEN amount ELSE 0 END AS taken_over,
        CASE WHEN kind IN ('invoice', 'debit_note') THEN amount ELSE 0 END AS sales,
        CASE WHEN kind = 'credit_note' THEN amount ELSE 0 END AS credit_notes,
        0 AS receipts,
        0 AS write_offs
    FROM ledger.document
    WHERE issued_on <= $as_of
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        received_on AS on_date,
        0 AS taken_over,
        0 AS sales,
        0 AS credit_notes,
        amount AS receipts,
        0 AS write_offs
    FROM ledger.receipt
    WHERE received_on <= $as_of
    UNION ALL
    SELECT
        company_id,
        account_id,
        currency,
        counts_on AS on_date,
        0 AS taken_over,
        0 AS sales,
        0 AS credit_notes,
        0 AS receipts,
        amount AS write_offs
    FROM dated_allocation
    WHERE source_kind = 'write_off'
)

SELECT
    f.company_id,
    m.segment,
    m.rep_id,
    f.currency,
    f.on_date,
    SUM(f.taken_over) AS taken_over,
    SUM(f.sales) AS sales,
    SUM(f.credit_notes) AS credit_notes,
    SUM(f.receipts) AS receipts,
    SUM(f.write_offs) AS write_offs
FROM flow AS f
INNER JOIN account_member AS m ON f.company_id = m.company_id AND f.account_id = m.account_id
GROUP BY f.company_id, m.segment, m.rep_id, f.currency, f.on_date
