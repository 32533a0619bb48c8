-- Papers: every contract; a delivery note for one document in eight, and for all of the characters'; acceptance of staged work;
-- stamped statements of January and July for one customer in three; a guarantee for some strategic ones.
WITH paper AS (
    SELECT
        n,
        'E' || d AS tail,
        if(plan IN ('milestone', 'project'), 'acceptance_certificate', 'delivery_note') AS kind,
        CAST(issued_on + whole(0, 6, u(d, 'paper day')) AS DATE) AS obtained_on,
        d
    FROM bill
    WHERE
        kind = 'invoice'
        AND d IN (SELECT kept.d FROM kept)
        AND (is_scripted OR u(d, 'paper') < if(plan IN ('milestone', 'project'), 0.5, 0.125))
    UNION ALL
    SELECT
        n,
        'T' || d AS tail,
        'tax_invoice' AS kind,
        issued_on AS obtained_on,
        d
    FROM bill
    WHERE kind = 'invoice' AND is_scripted
    UNION ALL
    SELECT
        n,
        'H' || of_year AS tail,
        'contract' AS kind,
        make_date(of_year - 1, 12, whole(1, 28, u(n * 100 + of_year, 'signed'))) AS obtained_on,
        NULL AS d
    FROM customer
    CROSS JOIN (
        SELECT unnest(range(year(getvariable('start') - 3), year(getvariable('through')) + 1)) AS of_year
    ) AS y
    WHERE has_contract(n)
    UNION ALL
    SELECT
        n,
        'S' || strftime(month_on, '%y%m') AS tail,
        'stamped_statement' AS kind,
        CAST(workday(month_on + whole(4, 24, u(n * 1000 + month_number(month_on), 'stamp'))) AS DATE) AS obtained_on,
        NULL AS d
    FROM customer
    CROSS JOIN (
        SELECT CAST(getvariable('start') + to_months(CAST(i AS INTEGER)) AS DATE) AS month_on
        FROM range(0, getvariable('months') + 1) AS t (i)
    ) AS m
    WHERE month(month_on) IN (1, 7) AND u(n * 1000 + month_number(month_on), 'stamped') < 0.33
    UNION ALL
    SELECT
        n,
        'G' AS tail,
        'guarantee' AS kind,
        getvariable('start') AS obtained_on,
        NULL AS d
    FROM customer
    WHERE segment = 'strategic' AND u(n, 'guarantee') < 0.2
)

SELECT
    customer.company_id,
    'EV-' || substr(customer.account_id, 2) || '-' || tail AS evidence_id,
    customer.account_id,
    paper.kind,
    paper.obtained_on,
    CASE WHEN d IS NOT NULL
        THEN document_id(customer.account_id, month_of(d), CAST(d % 1000 AS VARCHAR)) END AS document_id,
    'archive://' || lower(customer.company_id) || '/' || substr(customer.account_id, 2) || '/' || tail || '.pdf' AS uri
FROM paper
INNER JOIN customer ON paper.n = customer.n
WHERE paper.obtained_on <= getvariable('through')
