-- Every month closes with what it opened with and what moved, and opens with what the month before closed with; buckets
-- add up to what is open, and open less free credit is the balance.
WITH following AS (
    SELECT
        *,
        LAG(closing) OVER (PARTITION BY company_id, currency ORDER BY month) AS closed_before
    FROM month_balance
)

SELECT
    company_id,
    currency,
    month,
    opening,
    closing
FROM following
WHERE
    closing <> opening + taken_over + sales - credit_notes - receipts - write_offs
    OR opening <> COALESCE(closed_before, opening)
    OR closing <> open_amount - free_credit
    OR open_amount <> not_due + d1_30 + d31_60 + d61_90 + d91_180 + d181_365 + d366_plus
