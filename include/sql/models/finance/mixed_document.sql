-- One row per document of which it depends on the day of asking what its allocations have settled: some name an
-- instalment and some do not, or name one that they overfill. Such are filled anew at every close. In a ledger without
-- allocations that is every document: receipts go to whatever is most overdue at the time.
-- materialise: table
WITH allocation AS (
    SELECT
        a.company_id,
        a.document_id,
        i.seq,
        MAX(i.amount) AS item_amount,
        SUM(a.amount) AS amount
    FROM dated_allocation AS a
    INNER JOIN (
        SELECT DISTINCT
            company_id,
            document_id
        FROM ledger.instalment
    ) AS s ON a.company_id = s.company_id AND a.document_id = s.document_id
    LEFT JOIN ledger.instalment AS i
        ON a.company_id = i.company_id AND a.document_id = i.document_id AND a.seq = i.seq
    GROUP BY a.company_id, a.document_id, i.seq
)

SELECT
    company_id,
    document_id
FROM allocation
GROUP BY company_id, document_id
HAVING
    (COUNT(seq) > 0 AND COUNT(*) > COUNT(seq))
    OR SUM(CASE WHEN amount > item_amount THEN 1 ELSE 0 END) > 0
UNION ALL
SELECT
    company_id,
    document_id
FROM ledger.document
WHERE
    issued_on <= $as_of
    AND kind <> 'credit_note'
    AND NOT EXISTS (
        SELECT 1 FROM ledger.present AS p
        WHERE p.table_name = 'allocation'
    )
