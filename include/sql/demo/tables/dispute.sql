SELECT
    customer.company_id,
    'DSP-' || DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) AS dispute_id,
    DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR)) AS document_id,
    dispute_on AS opened_on,
    IF(dispute_cents = item.cents, NULL, MONEY(dispute_cents)) AS amount,
    PICK(
        ['product', 'product', 'service', 'legacy_issue', 'price', 'quantity', 'papers'], U(d, 'reason')
    ) AS reason_code,
    staff.rep_id AS owner_rep_id,
    dispute_on + 30 AS resolve_by,
    IF(resolved_on <= GETVARIABLE('through'), resolved_on, NULL) AS resolved_on
FROM item
INNER JOIN customer ON item.n = customer.n
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
WHERE
    dispute_on <= GETVARIABLE('through')
    AND dispute_cents > 0
    AND d IN (SELECT kept.d FROM kept)
UNION ALL
-- An oddity: more is disputed than was invoiced.
SELECT
    customer.company_id,
    'DSP-' || DOCUMENT_ID(customer.account_id, MONTH_OF(bill.d), '952') AS dispute_id,
    DOCUMENT_ID(customer.account_id, MONTH_OF(bill.d), '952') AS document_id,
    bill.issued_on + 9 AS opened_on,
    MONEY(bill.cents * 2) AS amount,
    'papers' AS reason_code,
    NULL AS owner_rep_id,
    NULL AS resolve_by,
    NULL AS resolved_on
FROM bill
INNER JOIN customer ON bill.n = customer.n
WHERE SLOT_OF(bill.d) = 952 AND bill.issued_on + 9 <= GETVARIABLE('through')
