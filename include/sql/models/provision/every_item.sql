-- One row per company, portfolio, currency and due date inside the window that losses are learnt from: what was to be
-- paid that day. Opening balances are left out: what had been paid of them before is not known.
-- materialise: table
WITH item AS (
    SELECT
        d.company_id,
        d.account_id,
        d.currency,
        COALESCE(i.due_on, d.due_on) AS due_on,
        COALESCE(i.amount, d.amount) AS amount
    FROM ledger.document AS d
    LEFT JOIN ledger.instalment AS i ON d.company_id = i.company_id AND d.document_id = i.document_id
    WHERE d.issued_on <= $as_of AND d.kind IN ('invoice', 'debit_note')
)

SELECT
    i.company_id,
    f.portfolio,
    i.currency,
    i.due_on,
    SUM(i.amount) AS amount
FROM item AS i
CROSS JOIN policy.provision_parameter AS p
INNER JOIN account_member AS m ON i.company_id = m.company_id AND i.account_id = m.account_id
INNER JOIN policy.portfolio AS f ON m.segment = f.segment
WHERE i.due_on > p.cohorts_from AND i.due_on <= $as_of
GROUP BY i.company_id, f.portfolio, i.currency, i.due_on
