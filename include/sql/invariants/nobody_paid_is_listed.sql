-- Nobody who owes nothing collectable stands in a list, and no call asks for more than is overdue.
SELECT
    t.task_id,
    t.kind
FROM task AS t
LEFT JOIN account_balance AS b
    ON t.company_id = b.company_id AND t.account_id = b.account_id AND t.currency = b.currency
WHERE
    b.account_id IS NULL
    OR t.ask_amount <= 0
    OR (t.kind IN ('call', 'escalate') AND t.ask_amount > b.overdue_amount)
    OR (t.kind = 'chase_promise' AND t.ask_amount > b.collectable_amount)
    OR (t.kind = 'file_claim' AND t.ask_amount > b.net_amount)
    OR (t.kind = 'resolve_dispute' AND t.ask_amount > b.disputed_amount)
