-- One row per account and sanction that is proposed, approved, refused, in force, or released tonight (惩戒状态).
-- People approve; an approved one begins when the gate is open, the night's new sanctions are within the cap, and no
-- row of the account is in quarantine. What may not go ahead is held: it keeps its state, and nobody is asked about it
-- (rules 10, 11, 14). While the data is in doubt, an active one ends by what the ledger shows, money or a credit, and
-- not because its reason cannot be seen: documents that did not load look like that.
-- materialise: table
WITH looked AS (
    SELECT
        c.*,
        n.gate <> 'open' OR c.is_doubtful OR COALESCE(k.is_over, FALSE) AS is_blocked,
        CASE
            WHEN c.state = 'released' AND r.reason = 'release.facts' AND (n.gate <> 'open' OR c.is_doubtful)
                THEN 'active'
            ELSE c.state
        END AS state_known,
        r.reason AS release_reason
    FROM flag_candidate AS c
    CROSS JOIN policy.night AS n
    LEFT JOIN sanction_cap AS k
        ON
            c.company_id = k.company_id
            AND k.transition = CASE WHEN c.state = 'approved' THEN 'active' ELSE 'proposed' END
    LEFT JOIN release_cause AS r
        ON c.company_id = r.company_id AND c.account_id = r.account_id AND c.flag = r.flag
),

acted AS (
    SELECT
        *,
        CASE WHEN state = 'approved' AND NOT is_blocked THEN 'active' ELSE state_known END AS state_tonight
    FROM looked
)

SELECT
    a.company_id,
    a.account_id,
    a.flag,
    a.state_tonight AS state,
    CASE WHEN a.state_tonight = a.was THEN a.was_since ELSE $business_date END AS since,
    CASE
        WHEN a.was = 'rejected' AND a.state = 'proposed' THEN NULL
        ELSE COALESCE(a.decided_by, a.was_decided_by)
    END AS decided_by,
    CASE
        WHEN a.was = 'rejected' AND a.state = 'proposed' THEN NULL
        ELSE COALESCE(a.decided_at, a.was_decided_at)
    END AS decided_at,
    CASE WHEN a.state_tonight = 'released' THEN a.release_reason ELSE COALESCE(a.rule_id, a.was_reason) END AS reason,
    CASE WHEN a.was IN ('approved', 'active') THEN a.was_evidence ELSE COALESCE(a.evidence, a.was_evidence) END
        AS evidence,
    CASE WHEN a.was IN ('approved', 'active') THEN a.was_evidence_on ELSE COALESCE(a.evidence_on, a.was_evidence_on) END
        AS evidence_on,
    CASE WHEN a.state = 'proposed' THEN a.proposed_by ELSE COALESCE(a.was_proposed_by, a.proposed_by) END
        AS proposed_by,
    CASE WHEN a.state = 'proposed' THEN p.approver_id ELSE a.was_approver_id END AS approver_id,
    CASE
        WHEN a.was = 'rejected' AND a.state = 'proposed' THEN NULL
        ELSE COALESCE(a.batch_id, a.was_batch_id)
    END AS batch_id,
    (a.is_new OR a.is_absent AND a.state = 'approved') AND a.state_tonight <> 'active' AND a.is_blocked AS is_held,
    a.threshold,
    a.was,
    a.choice,
    a.exempt_by
FROM acted AS a
LEFT JOIN flag_approver AS p
    ON a.company_id = p.company_id AND a.account_id = p.account_id AND a.flag = p.flag
