WITH keyed AS (
    SELECT
        *,
        U(PAY_KEY(n, paid_on), 'method') AS r
    FROM received
)

SELECT
    customer.company_id,
    RECEIPT_ID(customer.account_id, paid_on, keyed.currency, tail) AS receipt_id,
    customer.account_id,
    keyed.paid_on AS received_on,
    keyed.currency,
    MONEY(keyed.cents) AS amount,
    CASE
        WHEN r < 0.75 THEN 'bank_transfer'
        WHEN customer.company_id = 'HD' AND r < 0.93 THEN 'bill'
        WHEN r < 0.965 THEN 'third_party'
        WHEN r < 0.98 THEN 'cash'
        WHEN r < 0.995 THEN 'other'
    END AS method
FROM keyed
INNER JOIN customer ON keyed.n = customer.n
