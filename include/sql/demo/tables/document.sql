-- Bills and credit notes. A credit note of an invoice bears its number with CN behind it.
WITH paper AS (
    SELECT
        bill.n,
        month_of(bill.d) AS month_no,
        CAST(slot_of(bill.d) AS VARCHAR) AS tail,
        bill.d,
        bill.kind,
        bill.issued_on,
        bill.currency,
        bill.cents,
        -- Instalments carry the due dates of a document that has more than one.
        if(bill.plan = 'single' AND slot_of(bill.d) <> 951, bill.due_on, NULL) AS due_on,
        NULL AS references_d
    FROM bill
    WHERE bill.d IN (SELECT kept.d FROM kept)
    UNION ALL
    -- The one that is handed over twice.
    SELECT
        n,
        month_of(d) AS month_no,
        CAST(slot_of(d) AS VARCHAR) AS tail,
        d,
        kind,
        issued_on,
        currency,
        cents,
        due_on,
        NULL AS references_d
    FROM bill
    WHERE slot_of(d) = 953
    UNION ALL
    SELECT
        item.n,
        month_of(item.d) AS month_no,
        (item.d % 1000) || '-CN' AS tail,
        -item.d AS d,
        'credit_note' AS kind,
        item.credit_on AS issued_on,
        item.currency,
        item.credit_cents AS cents,
        NULL AS due_on,
        item.d AS references_d
    FROM item
    WHERE
        item.credit_cents > 0
        AND item.credit_on <= getvariable('through')
        AND item.d IN (SELECT kept.d FROM kept)
    UNION ALL
    SELECT
        n,
        month_no,
        'RB' AS tail,
        -(n * 1000 + month_no) AS d,
        'credit_note' AS kind,
        on_date AS issued_on,
        currency,
        cents,
        NULL AS due_on,
        NULL AS references_d
    FROM advance
    WHERE what = 'rebate'
)

SELECT
    customer.company_id,
    document_id(customer.account_id, paper.month_no, paper.tail) AS document_id,
    customer.account_id,
    paper.kind,
    paper.issued_on,
    paper.currency,
    money(paper.cents) AS amount,
    paper.due_on,
    CASE
        WHEN paper.kind = 'opening_balance' THEN NULL
        WHEN customer.company_id = 'HD'
            THEN strftime(paper.issued_on, '%y') || '3200000'
                || lpad(CAST(CAST(floor(u(paper.d, 'number') * 100000000000) AS BIGINT) AS VARCHAR), 11, '0')
        ELSE CASE paper.kind WHEN 'credit_note' THEN 'SC-' WHEN 'debit_note' THEN 'DN-' ELSE 'SI-' END
            || lpad(CAST(whole(100000, 9999999, u(paper.d, 'number')) AS VARCHAR), 7, '0')
    END AS number,
    CASE WHEN has_contract(paper.n) AND paper.kind IN ('invoice', 'debit_note')
        THEN contract_id(customer.account_id, year(paper.issued_on)) END AS contract_id,
    CASE WHEN paper.references_d IS NOT NULL
        THEN document_id(customer.account_id, paper.month_no, CAST(paper.references_d % 1000 AS VARCHAR))
    END AS references_document_id
FROM paper
INNER JOIN customer ON paper.n = customer.n
