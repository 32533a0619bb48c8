-- Nobody who owes nothing collectable stands in a list but to be told or thanked, and nobody is asked for more than
-- there is.
SELECT
    t.task_id,
    t.kind
FROM task AS t
LEFT JOIN account_balance AS b
    ON t.company_id = b.company_id AND t.account_id = b.account_id AND t.currency = b.currency
WHERE
    (b.account_id IS NULL AND t.kind NOT IN ('tell_release', 'thank_payment'))
    OR t.ask_amount <= 0
    OR (t.kind IN ('tell_release', 'thank_payment') AND t.ask_amount IS NOT NULL)
    OR (t.kind IN ('call', 'visit', 'offer_plan', 'escalate') AND t.ask_amount > b.overdue_amount)
    OR (
        t.kind IN ('chase_promise', 'pre_due_reminder', 'ask_commitment', 'close_gap', 'collect_evidence')
        AND t.ask_amount > b.collectable_amount
    )
    OR (t.kind IN ('file_claim', 'send_statement', 'chase_statement') AND t.ask_amount > b.net_amount)
    OR (t.kind = 'resolve_dispute' AND t.ask_amount > b.disputed_amount)
