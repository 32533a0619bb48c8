-- One row per account and sanction that stood last night or has a reason tonight: what it would become if nothing held
-- back new ones. Facts first, then the state they lead to; what acts is decided in account_flag.
-- A decision counts for the proposal it was made on: when that night was made again since, only for the amount that was
-- shown. An approval counts while its giver is high enough for the account's segment (rule 14). What no longer has its
-- reason is gone, and what was active is released (rule 11). An amount that is not known, for want of a rate, is no
-- reason to release, nor is an account of which tonight's ledger holds no row: what people approved waits until it is
-- back. A promise that covers most of the arrears pauses a proposal, never what is active.
-- materialise: table
WITH before AS (
    SELECT *
    FROM previous.account_flag
    WHERE state IN ('proposed', 'approved', 'rejected', 'active')
),

decision AS (
    SELECT
        b.company_id,
        b.account_id,
        b.flag,
        d.batch_id,
        d.choice,
        d.decided_by,
        d.decided_at,
        ROW_NUMBER() OVER (
            PARTITION BY b.company_id, b.account_id, b.flag
            ORDER BY d.decided_on DESC, d.decided_at DESC, d.batch_id DESC
        ) AS age
    FROM before AS b
    INNER JOIN ledger.referral_decision AS d
        ON b.company_id = d.company_id AND b.account_id = d.account_id AND b.flag = d.flag
    INNER JOIN account_fact AS a ON b.company_id = a.company_id AND b.account_id = a.account_id
    LEFT JOIN previous.account_status AS y ON b.company_id = y.company_id AND b.account_id = y.account_id
    LEFT JOIN policy.level_above AS h ON a.variant = h.variant AND a.segment = h.segment
    LEFT JOIN approver_level AS u ON a.rep_id = u.rep_id AND d.decided_by = u.approver_id
    WHERE
        b.state = 'proposed'
        AND d.decided_on >= b.since
        AND d.decided_on <= $as_of
        AND d.decided_by <> b.proposed_by
        AND (COALESCE(d.is_current, TRUE) OR d.shown_overdue IS NOT DISTINCT FROM y.overdue_functional)
        AND (d.choice <> 'approved' OR h.segment IS NULL OR COALESCE(u.level, 2) > 1)
),

off AS (
    SELECT
        company_id,
        account_id,
        flag,
        MAX(effect) AS effect
    FROM override_in_force
    WHERE effect IN ('exempt', 'accept_promise')
    GROUP BY company_id, account_id, flag
),

fact AS (
    SELECT
        COALESCE(b.company_id, e.company_id) AS company_id,
        COALESCE(b.account_id, e.account_id) AS account_id,
        COALESCE(b.flag, e.flag) AS flag,
        b.state AS was,
        b.since AS was_since,
        COALESCE(b.is_held, FALSE) AS was_held,
        b.reason AS was_reason,
        b.as_of AS was_as_of,
        b.evidence AS was_evidence,
        b.evidence_on AS was_evidence_on,
        b.proposed_by AS was_proposed_by,
        b.approver_id AS was_approver_id,
        b.batch_id AS was_batch_id,
        b.decided_by AS was_decided_by,
        b.decided_at AS was_decided_at,
        e.rule_id,
        e.threshold,
        e.proposed_by,
        e.flag IS NOT NULL AS holds
    FROM before AS b
    FULL OUTER JOIN sanction_entry AS e
        ON b.company_id = e.company_id AND b.account_id = e.account_id AND b.flag = e.flag
),

judged AS (
    SELECT
        f.*,
        a.variant,
        a.rep_id,
        a.segment,
        a.is_insolvent AND a.has_balance AS is_insolvent,
        a.overdue_functional,
        a.overdue_functional IS NULL OR (a.exposure_functional IS NULL AND a.days_past_due > 0) AS is_amount_unknown,
        x.effect AS exempt_by,
        v.evidence,
        v.evidence_on,
        d.batch_id,
        d.choice,
        d.decided_by,
        d.decided_at,
        a.account_id IS NULL AS is_absent,
        a.account_id IS NULL OR q.account_id IS NOT NULL AS is_doubtful,
        v.flag IS NOT NULL AND (w.rule_id IS NULL OR f.rule_id = 'legal_referral.insolvent') AS is_ready,
        COALESCE(DATE_DIFF('day', f.was_since, $business_date) < p.rejected_rest_days, FALSE) AS is_resting
    FROM fact AS f
    LEFT JOIN account_fact AS a ON f.company_id = a.company_id AND f.account_id = a.account_id
    LEFT JOIN policy.variant_parameter AS p ON COALESCE(a.variant, 0) = p.variant
    LEFT JOIN step_evidence AS v ON f.company_id = v.company_id AND f.account_id = v.account_id AND f.flag = v.flag
    LEFT JOIN rule_match AS w
        ON f.company_id = w.company_id AND f.account_id = w.account_id AND w.decision = 'pause' AND w.place = 1
    LEFT JOIN off AS x ON f.company_id = x.company_id AND f.account_id = x.account_id AND f.flag = x.flag
    LEFT JOIN ledger.quarantined_account AS q ON f.company_id = q.company_id AND f.account_id = q.account_id
    LEFT JOIN decision AS d
        ON f.company_id = d.company_id AND f.account_id = d.account_id AND f.flag = d.flag AND d.age = 1
),

decided AS (
    SELECT
        *,
        CASE
            WHEN is_absent AND was IN ('approved', 'active') THEN was
            WHEN was = 'active' AND holds THEN 'active'
            WHEN was = 'active' AND exempt_by IS NULL AND (is_insolvent OR is_amount_unknown) THEN 'active'
            WHEN was = 'active' THEN 'released'
            WHEN was = 'rejected' AND is_resting THEN 'rejected'
            WHEN was = 'proposed' AND choice IN ('rejected', 'left_out') THEN 'rejected'
            WHEN NOT (holds AND is_ready) THEN NULL
            WHEN was = 'approved' OR (was = 'proposed' AND choice = 'approved') THEN 'approved'
            ELSE 'proposed'
        END AS state
    FROM judged
)

SELECT
    *,
    NOT is_absent
    AND (state = 'approved' OR (state = 'proposed' AND (was IS NULL OR was = 'rejected' OR was_held))) AS is_new
FROM decided
WHERE state IS NOT NULL
