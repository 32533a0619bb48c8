SELECT
    customer.company_id,
    'DSP-' || document_id(customer.account_id, month_of(d), CAST(d % 1000 AS VARCHAR)) AS dispute_id,
    document_id(customer.account_id, month_of(d), CAST(d % 1000 AS VARCHAR)) AS document_id,
    dispute_on AS opened_on,
    if(dispute_cents = item.cents, NULL, money(dispute_cents)) AS amount,
    pick(['product', 'product', 'service', 'legacy_issue', 'price', 'quantity', 'papers'], u(d, 'reason')) AS reason_code,
    staff.rep_id AS owner_rep_id,
    dispute_on + 30 AS resolve_by,
    if(resolved_on <= getvariable('through'), resolved_on, NULL) AS resolved_on
FROM item
INNER JOIN customer ON item.n = customer.n
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
WHERE
    dispute_on <= getvariable('through')
    AND dispute_cents > 0
    AND d IN (SELECT kept.d FROM kept)
UNION ALL
-- An oddity: more is disputed than was invoiced.
SELECT
    customer.company_id,
    'DSP-' || document_id(customer.account_id, month_of(bill.d), '952') AS dispute_id,
    document_id(customer.account_id, month_of(bill.d), '952') AS document_id,
    bill.issued_on + 9 AS opened_on,
    money(bill.cents * 2) AS amount,
    'papers' AS reason_code,
    NULL AS owner_rep_id,
    NULL AS resolve_by,
    NULL AS resolved_on
FROM bill
INNER JOIN customer ON bill.n = customer.n
WHERE slot_of(bill.d) = 952 AND bill.issued_on + 9 <= getvariable('through')
