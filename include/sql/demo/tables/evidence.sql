-- Papers: every contract; a delivery note for one document in eight, and for all of the characters'; acceptance of
-- staged work;
-- stamped statements of January and July for one customer in three; a guarantee for some strategic ones.
WITH framed AS (
    SELECT
        n,
        UNNEST(RANGE(YEAR(GETVARIABLE('start') - 3), YEAR(GETVARIABLE('through')) + 1)) AS of_year
    FROM customer
    WHERE HAS_CONTRACT(n)
),

paper AS (
    SELECT
        n,
        'E' || d AS tail,
        IF(plan IN ('milestone', 'project'), 'acceptance_certificate', 'delivery_note') AS kind,
        CAST(issued_on + WHOLE(0, 6, U(d, 'paper day')) AS DATE) AS obtained_on,
        d
    FROM bill
    WHERE
        kind = 'invoice'
        AND d IN (SELECT kept.d FROM kept)
        AND SLOT_OF(d) < 950
        AND (is_scripted OR U(d, 'paper') < IF(plan IN ('milestone', 'project'), 0.5, 0.125))
    UNION ALL
    SELECT
        n,
        'T' || d AS tail,
        'tax_invoice' AS kind,
        issued_on AS obtained_on,
        d
    FROM bill
    WHERE kind = 'invoice' AND is_scripted AND SLOT_OF(d) < 950
    UNION ALL
    SELECT
        n,
        'H' || of_year AS tail,
        'contract' AS kind,
        MAKE_DATE(of_year - 1, 12, WHOLE(1, 28, U(n * 100 + of_year, 'signed'))) AS obtained_on,
        NULL AS d
    FROM framed
    UNION ALL
    SELECT
        n,
        'S' || STRFTIME(month_on, '%y%m') AS tail,
        'stamped_statement' AS kind,
        CAST(WORKDAY(month_on + WHOLE(4, 24, U(n * 1000 + MONTH_NUMBER(month_on), 'stamp'))) AS DATE) AS obtained_on,
        NULL AS d
    FROM customer
    CROSS JOIN calendar_month
    WHERE MONTH(month_on) IN (1, 7) AND U(n * 1000 + MONTH_NUMBER(month_on), 'stamped') < 0.33
    UNION ALL
    SELECT
        n,
        'G' AS tail,
        'guarantee' AS kind,
        GETVARIABLE('start') AS obtained_on,
        NULL AS d
    FROM customer
    WHERE segment = 'strategic' AND U(n, 'guarantee') < 0.2
)

SELECT
    customer.company_id,
    'EV-' || SUBSTR(customer.account_id, 2) || '-' || tail AS evidence_id,
    customer.account_id,
    paper.kind,
    paper.obtained_on,
    CASE
        WHEN d IS NOT NULL
            THEN DOCUMENT_ID(customer.account_id, MONTH_OF(d), CAST(d % 1000 AS VARCHAR))
    END AS document_id,
    'archive://' || LOWER(customer.company_id) || '/' || SUBSTR(customer.account_id, 2) || '/' || tail || '.pdf' AS uri
FROM paper
INNER JOIN customer ON paper.n = customer.n
WHERE paper.obtained_on <= GETVARIABLE('through')
