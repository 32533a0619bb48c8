-- One row per account and currency that lacks papers: a stamped statement, or proof of what is overdue (凭证).
-- In a ledger without evidence nobody is sent to look for any. While a statement that we sent is young nobody sends
-- another, unless it could not be delivered.
-- materialise: view
WITH stamped AS (
    SELECT
        company_id,
        account_id,
        MAX(obtained_on) AS obtained_on
    FROM paper
    WHERE kind = 'stamped_statement'
    GROUP BY company_id, account_id
),

proof AS (
    SELECT DISTINCT
        company_id,
        document_id
    FROM paper
    WHERE kind IN ('delivery_note', 'acceptance_certificate')
),

unproven AS (
    SELECT
        i.company_id,
        i.account_id,
        i.currency,
        SUM(i.collectable_amount) AS amount
    FROM open_item AS i
    LEFT JOIN proof AS p ON i.company_id = p.company_id AND i.document_id = p.document_id
    WHERE i.days_past_due > 0 AND i.collectable_amount > 0 AND p.document_id IS NULL
    GROUP BY i.company_id, i.account_id, i.currency
)

SELECT
    b.company_id,
    b.account_id,
    b.currency,
    'send_statement' AS kind,
    b.net_amount AS ask_amount
FROM account_balance AS b
INNER JOIN ledger.present AS e ON e.table_name = 'evidence'
INNER JOIN policy.task_kind AS k ON k.kind = 'send_statement'
LEFT JOIN stamped AS s ON b.company_id = s.company_id AND b.account_id = s.account_id
LEFT JOIN statement_state AS m ON b.company_id = m.company_id AND b.account_id = m.account_id
WHERE
    b.net_amount > 0
    AND (s.obtained_on IS NULL OR DATE_DIFF('day', s.obtained_on, $business_date) >= k.every_days)
    AND (
        m.sent_on IS NULL
        OR m.outcome = 'undeliverable'
        OR DATE_DIFF('day', m.sent_on, $business_date) >= k.every_days
    )
UNION ALL
SELECT
    u.company_id,
    u.account_id,
    u.currency,
    'collect_evidence' AS kind,
    u.amount AS ask_amount
FROM unproven AS u
INNER JOIN ledger.present AS e ON e.table_name = 'evidence'
