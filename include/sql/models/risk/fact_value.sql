-- One row per account and fact that the policy asks about before there is a grade; empty where the fact is unknown.
-- materialise: view
WITH asked AS (
    SELECT component AS fact
    FROM policy.score_band
    UNION
    SELECT fact
    FROM policy.rule_condition
)

SELECT
    f.company_id,
    f.account_id,
    f.variant,
    f.is_blocked,
    a.fact,
    CASE a.fact
        WHEN 'days_past_due' THEN CAST(f.days_past_due AS DECIMAL(18, 4))
        WHEN 'longest_open_days' THEN CAST(f.longest_open_days AS DECIMAL(18, 4))
        WHEN 'overdue_functional' THEN CAST(f.overdue_functional AS DECIMAL(18, 4))
        WHEN 'exposure_functional' THEN CAST(f.exposure_functional AS DECIMAL(18, 4))
        WHEN 'overdue_share_pct' THEN CAST(f.overdue_share_pct AS DECIMAL(18, 4))
        WHEN 'disputed_share_pct' THEN CAST(f.disputed_share_pct AS DECIMAL(18, 4))
        WHEN 'overdue_disputes' THEN CAST(f.overdue_disputes AS DECIMAL(18, 4))
        WHEN 'limit_used_pct' THEN CAST(f.limit_used_pct AS DECIMAL(18, 4))
        WHEN 'is_over_limit' THEN CASE WHEN f.is_over_limit THEN 1 ELSE 0 END
        WHEN 'is_insolvent' THEN CASE WHEN f.is_insolvent THEN 1 ELSE 0 END
        WHEN 'days_late_weighted' THEN CAST(f.days_late_weighted AS DECIMAL(18, 4))
        WHEN 'days_late_short' THEN CAST(f.days_late_short AS DECIMAL(18, 4))
        WHEN 'days_late_medium' THEN CAST(f.days_late_medium AS DECIMAL(18, 4))
        WHEN 'days_late_spread' THEN CAST(f.days_late_spread AS DECIMAL(18, 4))
        WHEN 'days_late_trend' THEN CAST(f.days_late_trend AS DECIMAL(18, 4))
        WHEN 'late_share_pct' THEN CAST(f.late_share_pct AS DECIMAL(18, 4))
        WHEN 'part_payment_share_pct' THEN CAST(f.part_payment_share_pct AS DECIMAL(18, 4))
        WHEN 'paid_share_pct' THEN CAST(f.paid_share_pct AS DECIMAL(18, 4))
        WHEN 'receipts_count' THEN CAST(f.receipts_count AS DECIMAL(18, 4))
        WHEN 'days_since_receipt' THEN CAST(f.days_since_receipt AS DECIMAL(18, 4))
        WHEN 'rhythm_ratio' THEN CAST(f.rhythm_ratio AS DECIMAL(18, 4))
        WHEN 'broken_promises' THEN CAST(f.broken_promises AS DECIMAL(18, 4))
        WHEN 'kept_promises' THEN CAST(f.kept_promises AS DECIMAL(18, 4))
        WHEN 'promise_level' THEN CAST(f.promise_level AS DECIMAL(18, 4))
        WHEN 'promise_due_in_days' THEN CAST(f.promise_due_in_days AS DECIMAL(18, 4))
        WHEN 'promise_moved_times' THEN CAST(f.promise_moved_times AS DECIMAL(18, 4))
        WHEN 'promised_share_pct' THEN CAST(f.promised_share_pct AS DECIMAL(18, 4))
        WHEN 'contacts_count' THEN CAST(f.contacts_count AS DECIMAL(18, 4))
        WHEN 'unanswered_share_pct' THEN CAST(f.unanswered_share_pct AS DECIMAL(18, 4))
        WHEN 'refused_contacts' THEN CAST(f.refused_contacts AS DECIMAL(18, 4))
        WHEN 'reasoned_contacts' THEN CAST(f.reasoned_contacts AS DECIMAL(18, 4))
        WHEN 'profile_pct' THEN CAST(f.profile_pct AS DECIMAL(18, 4))
    END AS fact_value
FROM account_fact AS f
CROSS JOIN asked AS a
WHERE a.fact <> 'grade_worsened_times'
