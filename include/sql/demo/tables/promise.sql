SELECT
    customer.company_id,
    'PTP-' || document_id(customer.account_id, month_of(d), CAST(d % 1000 AS VARCHAR)) || '-' || no AS promise_id,
    customer.account_id,
    promise_fact.currency,
    money(promised_cents) AS amount,
    made_on,
    promised_for,
    document_id(customer.account_id, month_of(d), CAST(d % 1000 AS VARCHAR)) AS document_id,
    if(withdrawn_on <= getvariable('through'), withdrawn_on, NULL) AS withdrawn_on
FROM promise_fact
INNER JOIN customer ON promise_fact.n = customer.n
UNION ALL
-- An oddity: promised for a day before the promise.
SELECT
    customer.company_id,
    'PTP-' || document_id(customer.account_id, month_of(bill.d), '952') || '-1' AS promise_id,
    customer.account_id,
    bill.currency,
    money(bill.cents) AS amount,
    bill.issued_on + 12 AS made_on,
    bill.issued_on + 11 AS promised_for,
    document_id(customer.account_id, month_of(bill.d), '952') AS document_id,
    NULL AS withdrawn_on
FROM bill
INNER JOIN customer ON bill.n = customer.n
WHERE slot_of(bill.d) = 952 AND bill.issued_on + 12 <= getvariable('through')
