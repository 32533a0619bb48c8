-- One row per part of a receipt that paid an instalment inside the long window: amount, days late, whether only a part.
-- materialise: view
SELECT
    s.company_id,
    s.account_id,
    s.currency,
    s.amount,
    GREATEST(DATE_DIFF('day', s.due_on, s.settled_on), 0) AS days_late,
    s.settled_on AS received_on,
    s.amount < s.item_amount AS is_part
FROM settled_line AS s
CROSS JOIN policy.look_back AS p
WHERE s.source_kind = 'receipt' AND s.counts_on > p.long_from AND s.amount > 0
