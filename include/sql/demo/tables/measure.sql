-- What is done to close the gap: a measure for one target in twelve.
SELECT
    customer.company_id,
    'MS-' || substr(customer.account_id, 2) || '-' || strftime(month_on, '%y%m') AS measure_id,
    month_on AS month,
    customer.account_id,
    pick(['visit', 'payment_plan', 'early_payment_discount', 'statement', 'management_call'], u(key, 'measure kind')) AS kind,
    money(100000 * CAST(ceil(monthly_cents * 0.3 / 100000) AS BIGINT)) AS expected_uplift,
    customer.currency,
    staff.rep_id AS owner_rep_id,
    CASE
        WHEN u(key, 'done') < 0.6 AND month_on + whole(5, 27, u(key, 'done on')) <= getvariable('through')
            THEN month_on + whole(5, 27, u(key, 'done on'))
    END AS done_on
FROM (
    SELECT
        customer.*,
        month_on,
        customer.n * 1000 + month_number(month_on) AS key
    FROM customer
    CROSS JOIN (
        SELECT CAST(getvariable('start') + to_months(CAST(i AS INTEGER)) AS DATE) AS month_on
        FROM range(0, getvariable('months') + 1) AS t (i)
    ) AS m
) AS customer
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
WHERE
    (is_character OR segment IN ('key', 'strategic') OR u(n, 'target') < 0.125)
    AND u(key, 'measure') < if(is_character, 0.25, 0.08)
