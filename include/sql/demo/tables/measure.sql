-- What is done to close the gap: a measure for one target in twelve.
SELECT
    customer.company_id,
    'MS-' || SUBSTR(customer.account_id, 2) || '-' || STRFTIME(month_on, '%y%m') AS measure_id,
    month_on AS month,
    customer.account_id,
    PICK(
        ['visit', 'payment_plan', 'early_payment_discount', 'statement', 'management_call'], U(key, 'measure kind')
    ) AS kind,
    MONEY(100000 * CAST(CEIL(monthly_cents * 0.3 / 100000) AS BIGINT)) AS expected_uplift,
    customer.currency,
    staff.rep_id AS owner_rep_id,
    CASE
        WHEN U(key, 'done') < 0.6 AND month_on + WHOLE(5, 27, U(key, 'done on')) <= GETVARIABLE('through')
            THEN month_on + WHOLE(5, 27, U(key, 'done on'))
    END AS done_on
FROM (
    SELECT
        customer.*,
        month_on,
        customer.n * 1000 + MONTH_NUMBER(month_on) AS key
    FROM customer
    CROSS JOIN calendar_month
) AS customer
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
WHERE
    (is_character OR segment IN ('key', 'strategic') OR U(n, 'target') < 0.125)
    AND U(key, 'measure') < IF(is_character, 0.25, 0.08)
