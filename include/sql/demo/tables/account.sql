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
        WHEN customer.n > 18 AND u(customer.n, 'parent') < 0.02 THEN parent.account_id
    END AS parent_account_id,
    money(customer.limit_cents) AS credit_limit,
    customer.credit_rating,
    CASE
        WHEN customer.is_abroad AND customer.company_id = 'HD' THEN pick(['GB', 'US', 'SG', 'DE'], u(customer.n, 'country'))
        WHEN customer.is_abroad THEN 'CN'
        WHEN customer.company_id = 'HD' THEN 'CN'
        ELSE 'GB'
    END AS country,
    CASE
        WHEN (customer.company_id = 'HD') <> customer.is_abroad
            THEN '91000000MA' || lpad(CAST(whole(0, 99999999, u(customer.n, 'tax')) AS VARCHAR), 8, '0')
        ELSE 'GB000' || lpad(CAST(whole(0, 999999, u(customer.n, 'tax')) AS VARCHAR), 6, '0')
    END AS tax_id,
    CASE WHEN u(customer.n, 'verified') < 0.8
        THEN getvariable('start') - whole(0, 500, u(customer.n, 'verified on')) END AS verified_on,
    customer.status,
    CASE
        WHEN NOT customer.is_character AND u(customer.n, 'quiet') < 0.004
            THEN CAST(getvariable('start') + to_months(whole(18, 30, u(customer.n, 'quiet until'))) AS DATE)
    END AS do_not_contact_until,
    CAST(pick([20, 25, 25, 28, 31], u(customer.n, 'closing')) AS BIGINT) AS book_closing_day,
    CAST(whole(0, 3, u(customer.n, 'transfer')) AS BIGINT) AS bank_transfer_days,
    CAST(if(customer.rhythm = 'monthly', customer.monthday, NULL) AS BIGINT) AS fixed_payment_day,
    customer.behaviour = 'budget' OR (customer.segment = 'government' AND u(customer.n, 'budget') < 0.5) AS needs_budget,
    CASE
        WHEN customer.segment = 'government' AND customer.company_id = 'HD' THEN '增值税专用发票；附验收单与采购合同编号'
        WHEN customer.segment = 'government' THEN 'Purchase order number; goods received note attached'
        WHEN u(customer.n, 'papers') < 0.25 AND customer.locale = 'zh_CN' THEN '发票备注栏注明订单号'
        WHEN u(customer.n, 'papers') < 0.25 THEN 'Purchase order number'
    END AS invoice_requirements
FROM customer
LEFT JOIN staff ON customer.company_id = staff.company_id AND customer.rep_no = staff.rep_no
LEFT JOIN customer AS parent ON customer.n = parent.n + 5
