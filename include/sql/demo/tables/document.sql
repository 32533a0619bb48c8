-- Bills and credit notes. A credit note of an invoice bears its number with CN behind it.
WITH paper AS (
    SELECT
        bill.n,
        MONTH_OF(bill.d) AS month_no,
        CAST(SLOT_OF(bill.d) AS VARCHAR) AS tail,
        bill.d,
        bill.kind,
        bill.issued_on,
        bill.currency,
        bill.cents,
        -- Instalments carry the due dates of a document that has more than one.
        IF(bill.plan = 'single' AND SLOT_OF(bill.d) <> 951, bill.due_on, NULL) AS due_on,
        NULL AS references_d
    FROM bill
    WHERE bill.d IN (SELECT kept.d FROM kept)
    UNION ALL
    -- The one that is handed over twice.
    SELECT
        n,
        MONTH_OF(d) AS month_no,
        CAST(SLOT_OF(d) AS VARCHAR) AS tail,
        d,
        kind,
        issued_on,
        currency,
        cents,
        due_on,
        NULL AS references_d
    FROM bill
    WHERE SLOT_OF(d) = 953
    UNION ALL
    SELECT
        item.n,
        MONTH_OF(item.d) AS month_no,
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
        AND item.credit_on <= GETVARIABLE('through')
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
    DOCUMENT_ID(customer.account_id, paper.month_no, paper.tail) AS document_id,
    customer.account_id,
    paper.kind,
    paper.issued_on,
    paper.currency,
    MONEY(paper.cents) AS amount,
    paper.due_on,
    CASE
        WHEN paper.kind = 'opening_balance' THEN NULL
        WHEN customer.company_id = 'HD'
            THEN
                STRFTIME(paper.issued_on, '%y') || '3200000'
                || LPAD(CAST(CAST(FLOOR(U(paper.d, 'number') * 100000000000) AS BIGINT) AS VARCHAR), 11, '0')
        ELSE
            CASE paper.kind WHEN 'credit_note' THEN 'SC-' WHEN 'debit_note' THEN 'DN-' ELSE 'SI-' END
            || LPAD(CAST(WHOLE(100000, 9999999, U(paper.d, 'number')) AS VARCHAR), 7, '0')
    END AS number,
    CASE
        WHEN HAS_CONTRACT(paper.n) AND paper.kind IN ('invoice', 'debit_note')
            THEN CONTRACT_ID(customer.account_id, YEAR(paper.issued_on))
    END AS contract_id,
    CASE
        WHEN paper.references_d IS NOT NULL
            THEN DOCUMENT_ID(customer.account_id, paper.month_no, CAST(paper.references_d % 1000 AS VARCHAR))
    END AS references_document_id
FROM paper
INNER JOIN customer ON paper.n = customer.n
