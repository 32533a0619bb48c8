-- Open less free credit is what the ledger says, per company and currency, to the cent: documents less credit notes,
-- receipts and write-offs dated by as-of, added up without looking at any allocation of money.
WITH moved AS (
    SELECT
        company_id,
        currency,
        CASE WHEN kind = 'credit_note' THEN -amount ELSE amount END AS amount
    FROM ledger.document
    WHERE issued_on <= $as_of
    UNION ALL
    SELECT
        company_id,
        currency,
        -amount AS amount
    FROM ledger.receipt
    WHERE received_on <= $as_of
    UNION ALL
    SELECT
        a.company_id,
        d.currency,
        -a.amount AS amount
    FROM ledger.allocation AS a
    INNER JOIN ledger.document AS d ON a.company_id = d.company_id AND a.document_id = d.document_id
    WHERE a.source_kind = 'write_off' AND a.allocated_on <= $as_of AND d.issued_on <= $as_of
),

expected AS (
    SELECT
        company_id,
        currency,
        SUM(amount) AS amount
    FROM moved
    GROUP BY company_id, currency
),

found AS (
    SELECT
        company_id,
        currency,
        SUM(open_amount) - SUM(free_credit) AS amount
    FROM account_balance
    GROUP BY company_id, currency
)

SELECT
    COALESCE(e.company_id, f.company_id) AS company_id,
    COALESCE(e.currency, f.currency) AS currency,
    e.amount AS expected_amount,
    f.amount AS found_amount
FROM expected AS e
FULL OUTER JOIN found AS f ON e.company_id = f.company_id AND e.currency = f.currency
WHERE COALESCE(e.amount, 0) <> COALESCE(f.amount, 0)
