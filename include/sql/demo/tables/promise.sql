SELECT
    customer.company_id,
    'PTP-' || DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) || '-' || no AS promise_id,
    customer.account_id,
    promise_fact.currency,
    MONEY(promised_cents) AS amount,
    made_on,
    promised_for,
    DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) AS document_id,
    IF(withdrawn_on <= GETVARIABLE('through'), withdrawn_on, NULL) AS withdrawn_on
FROM promise_fact
INNER JOIN customer ON promise_fact.n = customer.n
UNION ALL
-- An oddity: promised for a day before the promise.
SELECT
    customer.company_id,
    'PTP-' || DOCUMENT_ID(customer.account_id, MONTH_OF(bill.d), '952') || '-1' AS promise_id,
    customer.account_id,
    bill.currency,
    MONEY(bill.cents) AS amount,
    bill.issued_on + 12 AS made_on,
    bill.issued_on + 11 AS promised_for,
    DOCUMENT_ID(customer.account_id, MONTH_OF(bill.d), '952') AS document_id,
    NULL AS withdrawn_on
FROM bill
INNER JOIN customer ON bill.n = customer.n
WHERE SLOT_OF(bill.d) = 952 AND bill.issued_on + 12 <= GETVARIABLE('through')
