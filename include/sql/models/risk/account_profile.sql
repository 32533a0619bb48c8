-- One row per account: the share of its profile that is filled in (客户资料完整度, capability C1): identity and its
-- verification, country, rating, the customer's closing or payment day, transfer days, and, where the ledger keeps
-- contacts, who decides and who pays.
-- materialise: table
WITH person AS (
    SELECT
        company_id,
        account_id,
        COUNT(*) FILTER (WHERE role = 'decision_maker') AS deciders,
        COUNT(*) FILTER (WHERE role = 'payer') AS payers
    FROM ledger.contact
    GROUP BY company_id, account_id
),

counted AS (
    SELECT
        a.company_id,
        a.account_id,
        CASE WHEN a.tax_id IS NOT NULL THEN 1 ELSE 0 END
        + CASE WHEN a.verified_on <= $as_of THEN 1 ELSE 0 END
        + CASE WHEN a.country IS NOT NULL THEN 1 ELSE 0 END
        + CASE WHEN a.credit_rating IS NOT NULL THEN 1 ELSE 0 END
        + CASE WHEN COALESCE(a.book_closing_day, a.fixed_payment_day) IS NOT NULL THEN 1 ELSE 0 END
        + CASE WHEN a.bank_transfer_days IS NOT NULL THEN 1 ELSE 0 END AS known,
        CASE WHEN p.deciders > 0 THEN 1 ELSE 0 END + CASE WHEN p.payers > 0 THEN 1 ELSE 0 END AS known_people,
        t.table_name IS NOT NULL AS has_people
    FROM ledger.account AS a
    LEFT JOIN ledger.present AS t ON t.table_name = 'contact'
    LEFT JOIN person AS p ON a.company_id = p.company_id AND a.account_id = p.account_id
)

SELECT
    company_id,
    account_id,
    CASE
        WHEN has_people THEN ROUND(100 * CAST(known + known_people AS DOUBLE) / 8, 2)
        ELSE ROUND(100 * CAST(known AS DOUBLE) / 6, 2)
    END AS profile_pct
FROM counted
