SELECT
    customer.company_id,
    customer.account_id,
    customer.name,
    customer.segment,
    customer.orientation,
    staff.rep_id,
    customer.locale,
    -- The British half of the group belongs to nobody here; a few others belong to their neighbour of the same company.
    CASE
        WHEN customer.n > 18 AND U(customer.n, 'parent') < 0.02 THEN parent.account_id
    END AS parent_account_id,
    MONEY(customer.limit_cents) AS credit_limit,
    customer.credit_rating,
    CASE
        WHEN customer.is_abroad AND customer.company_id = 'HD' THEN PICK(['GB', 'US', 'SG'], U(customer.n, 'land'))
        WHEN customer.is_abroad THEN 'CN'
        WHEN customer.company_id = 'HD' THEN 'CN'
        ELSE 'GB'
    END AS country,
    CASE
        WHEN (customer.company_id = 'HD') <> customer.is_abroad
            THEN '91000000MA' || LPAD(CAST(WHOLE(0, 99999999, U(customer.n, 'tax')) AS VARCHAR), 8, '0')
        ELSE 'GB000' || LPAD(CAST(WHOLE(0, 999999, U(customer.n, 'tax')) AS VARCHAR), 6, '0')
    END AS tax_id,
    CASE
        WHEN U(customer.n, 'verified') < 0.8
            THEN GETVARIABLE('start') - WHOLE(0, 500, U(customer.n, 'verified on'))
    END AS verified_on,
    customer.status,
    CASE
        WHEN NOT customer.is_character AND U(customer.n, 'quiet') < 0.004
            THEN CAST(GETVARIABLE('start') + TO_MONTHS(WHOLE(18, 30, U(customer.n, 'quiet until'))) AS DATE)
    END AS do_not_contact_until,
    CAST(PICK([20, 25, 25, 28, 31], U(customer.n, 'closing')) AS BIGINT) AS book_closing_day,
    CAST(WHOLE(0, 3, U(customer.n, 'transfer')) AS BIGINT) AS bank_transfer_days,
    CAST(IF(customer.rhythm = 'monthly', customer.monthday, NULL) AS BIGINT) AS fixed_payment_day,
    customer.behaviour = 'budget'
    OR (customer.segment = 'government' AND U(customer.n, 'budget') < 0.5) AS needs_budget,
    CASE
        WHEN customer.segment = 'government' AND customer.company_id = 'HD' THEN '增值税专用发票；附验收单与采购合同编号'
        WHEN customer.segment = 'government' THEN 'Purchase order number; goods received note attached'
        WHEN U(customer.n, 'papers') < 0.25 AND customer.locale = 'zh_CN' THEN '发票备注栏注明订单号'
        WHEN U(customer.n, 'papers') < 0.25 THEN 'Purchase order number'
    END AS invoice_requirements
FROM customer
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
LEFT JOIN customer AS parent ON customer.n = parent.n + 5
