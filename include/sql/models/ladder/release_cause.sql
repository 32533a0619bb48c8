-- One row per sanction released tonight: what took its reason away since the night before, as far as the ledger tells.
-- materialise: table
WITH released AS (
    SELECT
        company_id,
        account_id,
        flag,
        exempt_by,
        segment,
        variant,
        was_as_of
    FROM flag_candidate
    WHERE state = 'released'
),

event AS (
    SELECT
        r.company_id,
        r.account_id,
        r.flag,
        'release.payment' AS cause,
        1 AS place
    FROM released AS r
    INNER JOIN ledger.receipt AS e ON r.company_id = e.company_id AND r.account_id = e.account_id
    WHERE e.received_on > r.was_as_of AND e.received_on <= $as_of
    UNION ALL
    SELECT
        r.company_id,
        r.account_id,
        r.flag,
        'release.write_off' AS cause,
        2 AS place
    FROM released AS r
    INNER JOIN ledger.document AS d ON r.company_id = d.company_id AND r.account_id = d.account_id
    INNER JOIN ledger.allocation AS e ON d.company_id = e.company_id AND d.document_id = e.document_id
    WHERE e.source_kind = 'write_off' AND e.allocated_on > r.was_as_of AND e.allocated_on <= $as_of
    UNION ALL
    SELECT
        r.company_id,
        r.account_id,
        r.flag,
        'release.credit' AS cause,
        3 AS place
    FROM released AS r
    INNER JOIN ledger.document AS e ON r.company_id = e.company_id AND r.account_id = e.account_id
    WHERE e.kind = 'credit_note' AND e.issued_on > r.was_as_of AND e.issued_on <= $as_of
    UNION ALL
    SELECT
        r.company_id,
        r.account_id,
        r.flag,
        'release.dispute' AS cause,
        4 AS place
    FROM released AS r
    INNER JOIN ledger.document AS d ON r.company_id = d.company_id AND r.account_id = d.account_id
    INNER JOIN ledger.dispute AS e ON d.company_id = e.company_id AND d.document_id = e.document_id
    WHERE e.opened_on > r.was_as_of AND e.opened_on <= $as_of
),

ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY company_id, account_id, flag ORDER BY place) AS choice
    FROM event
)

SELECT
    r.company_id,
    r.account_id,
    r.flag,
    CASE
        WHEN r.exempt_by = 'exempt' THEN 'release.override'
        WHEN r.exempt_by = 'accept_promise' THEN 'release.promise'
        WHEN x.flag IS NOT NULL THEN 'release.exempt'
        ELSE COALESCE(e.cause, 'release.facts')
    END AS reason
FROM released AS r
LEFT JOIN ranked AS e
    ON r.company_id = e.company_id AND r.account_id = e.account_id AND r.flag = e.flag AND e.choice = 1
LEFT JOIN policy.exemption AS x ON r.variant = x.variant AND r.segment = x.segment AND r.flag = x.flag
