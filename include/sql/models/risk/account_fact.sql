-- One row per account: the facts that stage, score, rules, ladder and tasks look at. Empty means unknown, never zero;
-- what is true is 1. Each may be named in the policy (policy/rules.py). Percentages that have no natural end are cut
-- where the column ends.
-- materialise: table
WITH balance AS (
    SELECT
        company_id,
        account_id
    FROM account_balance
    WHERE net_amount <> 0
    GROUP BY company_id, account_id
),

known AS (
    SELECT
        a.company_id,
        a.account_id,
        a.rep_id,
        c.segment,
        c.variant,
        COALESCE(a.status, 'active') AS status,
        COALESCE(s.max_days_past_due, 0) AS days_past_due,
        COALESCE(s.longest_open_days, 0) AS longest_open_days,
        s.oldest_due_on,
        s.known_late_on,
        a.credit_limit,
        b.account_id IS NOT NULL AS has_balance,
        COALESCE(e.exposure_functional, CASE WHEN b.account_id IS NULL THEN 0 END) AS exposure_functional,
        COALESCE(e.overdue_functional, CASE WHEN b.account_id IS NULL THEN 0 END) AS overdue_functional,
        CAST(e.overdue_share_pct AS DECIMAL(18, 4)) AS overdue_share_pct,
        CAST(e.disputed_share_pct AS DECIMAL(18, 4)) AS disputed_share_pct,
        CASE
            WHEN a.credit_limit > 0 AND b.account_id IS NULL THEN 0
            WHEN a.credit_limit > 0
                THEN
                    CAST(
                        LEAST(
                            ROUND(100 * CAST(e.exposure_functional AS DOUBLE) / CAST(a.credit_limit AS DOUBLE), 4),
                            99999999
                        ) AS DECIMAL(18, 4)
                    )
        END AS limit_used_pct,
        COALESCE(a.credit_limit = 0, FALSE) AS is_blocked,
        COALESCE(a.credit_limit = 0 OR e.exposure_functional > a.credit_limit, FALSE) AS is_over_limit
    FROM ledger.account AS a
    INNER JOIN account_scope AS c ON a.company_id = c.company_id AND a.account_id = c.account_id
    LEFT JOIN balance AS b ON a.company_id = b.company_id AND a.account_id = b.account_id
    LEFT JOIN account_stage AS s ON a.company_id = s.company_id AND a.account_id = s.account_id
    LEFT JOIN account_exposure AS e ON a.company_id = e.company_id AND a.account_id = e.account_id
)

SELECT
    k.company_id,
    k.account_id,
    k.rep_id,
    k.segment,
    k.variant,
    k.status,
    k.status = 'insolvent' AS is_insolvent,
    k.days_past_due,
    LEAST(k.days_past_due, p.last_day) AS stage_day,
    k.longest_open_days,
    k.oldest_due_on,
    k.known_late_on,
    k.has_balance,
    k.credit_limit,
    k.exposure_functional,
    k.overdue_functional,
    k.overdue_share_pct,
    k.disputed_share_pct,
    k.limit_used_pct,
    k.is_blocked,
    k.is_over_limit,
    COALESCE(d.overdue_disputes, 0) AS overdue_disputes,
    h.days_late_weighted,
    h.days_late_medium,
    h.days_late_short,
    h.days_late_spread,
    h.days_late_trend,
    h.late_share_pct,
    h.part_payment_share_pct,
    CASE
        WHEN COALESCE(h.paid_functional, 0) + k.overdue_functional > 0
            THEN
                ROUND(
                    100 * CAST(COALESCE(h.paid_functional, 0) AS DOUBLE)
                    / CAST(COALESCE(h.paid_functional, 0) + k.overdue_functional AS DOUBLE), 2
                )
    END AS paid_share_pct,
    COALESCE(r.receipts_count, 0) AS receipts_count,
    r.last_received_on,
    r.days_since_receipt,
    CASE
        WHEN r.usual_gap_days > 0 THEN ROUND(CAST(r.days_since_receipt AS DOUBLE) / r.usual_gap_days, 2)
    END AS rhythm_ratio,
    COALESCE(m.broken_promises, 0) AS broken_promises,
    COALESCE(m.kept_promises, 0) AS kept_promises,
    m.promise_level,
    m.promise_due_in_days,
    COALESCE(m.promise_moved_times, 0) AS promise_moved_times,
    CASE
        WHEN k.overdue_functional > 0
            THEN
                LEAST(
                    ROUND(
                        100 * CAST(COALESCE(m.promised_functional, 0) AS DOUBLE)
                        / CAST(k.overdue_functional + COALESCE(m.promised_received_functional, 0) AS DOUBLE), 2
                    ),
                    99999999
                )
    END AS promised_share_pct,
    COALESCE(t.contacts_count, 0) AS contacts_count,
    CASE
        WHEN t.contacts_count > 0
            THEN ROUND(100 * CAST(t.unanswered_contacts AS DOUBLE) / CAST(t.contacts_count AS DOUBLE), 2)
    END AS unanswered_share_pct,
    COALESCE(t.refused_contacts, 0) AS refused_contacts,
    COALESCE(t.reasoned_contacts, 0) AS reasoned_contacts,
    f.profile_pct
FROM known AS k
CROSS JOIN policy.parameter AS p
INNER JOIN account_profile AS f ON k.company_id = f.company_id AND k.account_id = f.account_id
LEFT JOIN payment_behaviour AS h ON k.company_id = h.company_id AND k.account_id = h.account_id
LEFT JOIN receipt_rhythm AS r ON k.company_id = r.company_id AND k.account_id = r.account_id
LEFT JOIN promise_fact AS m ON k.company_id = m.company_id AND k.account_id = m.account_id
LEFT JOIN contact_fact AS t ON k.company_id = t.company_id AND k.account_id = t.account_id
LEFT JOIN dispute_fact AS d ON k.company_id = d.company_id AND k.account_id = d.account_id
