CREATE TABLE store.sanction_cap (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    transition TEXT NOT NULL,
    accounts BIGINT NOT NULL,
    accounts_pct NUMERIC(9, 2) NOT NULL,
    overdue_functional NUMERIC(18, 4),
    overdue_pct NUMERIC(9, 2),
    is_over BOOLEAN NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, transition)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.sanction_cap IS 'New sanctions of the night against the policy''s cap (惩戒上限); no row when there are none.';
COMMENT ON COLUMN store.sanction_cap.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.sanction_cap.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.sanction_cap.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.sanction_cap.transition IS 'proposed: new proposals; active: approved ones that would begin.';
COMMENT ON COLUMN store.sanction_cap.accounts IS 'Accounts with such a new sanction.';
COMMENT ON COLUMN store.sanction_cap.accounts_pct IS 'Of the company''s accounts with money open, percent.';
COMMENT ON COLUMN store.sanction_cap.overdue_functional IS 'Their overdue amount in functional currency.';
COMMENT ON COLUMN store.sanction_cap.overdue_pct IS 'Of all that is overdue, percent.';
COMMENT ON COLUMN store.sanction_cap.is_over IS 'More than the policy''s cap: they are held, and the managers are told.';
COMMENT ON COLUMN store.sanction_cap.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.early_warning (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    warning TEXT NOT NULL,
    since DATE NOT NULL,
    rule_id TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id, warning)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.early_warning IS 'Early warnings (预警): what looks worse before it is late.';
COMMENT ON COLUMN store.early_warning.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.early_warning.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.early_warning.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.early_warning.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.early_warning.warning IS 'Warning (预警) of the policy.';
COMMENT ON COLUMN store.early_warning.since IS 'Business date on which it first showed, without a break.';
COMMENT ON COLUMN store.early_warning.rule_id IS 'Rule of the policy that raised it.';
COMMENT ON COLUMN store.early_warning.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.referral_batch (
    batch_id TEXT NOT NULL,
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    approver_id TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    item_count INTEGER NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (batch_id),
    CONSTRAINT referral_batch_once UNIQUE (run_id, approver_id)
);
COMMENT ON TABLE store.referral_batch IS 'Proposed sanctions put before one approver (审批批次).';
COMMENT ON COLUMN store.referral_batch.batch_id IS '<YYYYMMDD>-<hash>: a function of what is asked.';
COMMENT ON COLUMN store.referral_batch.business_date IS 'Business date whose proposals it holds.';
COMMENT ON COLUMN store.referral_batch.run_id IS 'Run that proposed them.';
COMMENT ON COLUMN store.referral_batch.approver_id IS 'rep_id of the only person who may answer.';
COMMENT ON COLUMN store.referral_batch.content_hash IS 'SHA-256 of the table that is shown, with snapshot and policy.';
COMMENT ON COLUMN store.referral_batch.item_count IS 'Proposals in it.';
COMMENT ON COLUMN store.referral_batch.opened_at IS 'Opened.';

CREATE TABLE store.referral_item (
    batch_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    flag TEXT NOT NULL,
    reason TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_since DATE NOT NULL,
    stage TEXT NOT NULL,
    risk_grade TEXT NOT NULL,
    overdue_functional NUMERIC(18, 4),
    currency TEXT,
    days_past_due INTEGER,
    evidence TEXT,
    evidence_on DATE,
    PRIMARY KEY (batch_id, position),
    CONSTRAINT referral_item_once UNIQUE (batch_id, company_id, account_id, flag),
    CONSTRAINT referral_item_flag_values CHECK (flag IN ('stop_supply', 'stop_service', 'terminate_authorization', 'reputation_notice', 'legal_referral')),
    CONSTRAINT referral_item_stage_values CHECK (stage IN ('M0', 'M1', 'M2', 'M3', 'M4'))
);
COMMENT ON TABLE store.referral_item IS 'Lines of a batch, as shown to the approver.';
COMMENT ON COLUMN store.referral_item.batch_id IS 'Batch.';
COMMENT ON COLUMN store.referral_item.position IS 'Line of the table that is shown, 1 first.';
COMMENT ON COLUMN store.referral_item.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.referral_item.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.referral_item.flag IS 'Sanction (惩戒).';
COMMENT ON COLUMN store.referral_item.reason IS 'Rule that proposed it.';
COMMENT ON COLUMN store.referral_item.proposed_by IS 'policy:<version>, or the author of an override.';
COMMENT ON COLUMN store.referral_item.proposed_since IS 'Business date of the first proposal.';
COMMENT ON COLUMN store.referral_item.stage IS 'Stage (逾期阶段).';
COMMENT ON COLUMN store.referral_item.risk_grade IS 'Risk grade (风险等级).';
COMMENT ON COLUMN store.referral_item.overdue_functional IS 'Overdue amount in functional currency.';
COMMENT ON COLUMN store.referral_item.currency IS 'Functional currency.';
COMMENT ON COLUMN store.referral_item.days_past_due IS 'Days past due of the oldest item.';
COMMENT ON COLUMN store.referral_item.evidence IS 'What shows that the step before was delivered.';
COMMENT ON COLUMN store.referral_item.evidence_on IS 'Day of that delivery.';

CREATE TABLE store.referral_decision (
    batch_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    flag TEXT NOT NULL,
    choice TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_on DATE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    content_hash TEXT NOT NULL,
    via TEXT NOT NULL,
    note TEXT,
    PRIMARY KEY (batch_id, company_id, account_id, flag),
    CONSTRAINT referral_decision_not_by_proposer CHECK (decided_by <> proposed_by),
    CONSTRAINT referral_decision_choice_values CHECK (choice IN ('approved', 'rejected', 'left_out')),
    CONSTRAINT referral_decision_via_values CHECK (via IN ('airflow', 'command'))
);
COMMENT ON TABLE store.referral_decision IS 'Decisions of people on proposed sanctions (审批结果): written once, never changed.';
COMMENT ON COLUMN store.referral_decision.batch_id IS 'Batch.';
COMMENT ON COLUMN store.referral_decision.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.referral_decision.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.referral_decision.flag IS 'Sanction (惩戒).';
COMMENT ON COLUMN store.referral_decision.choice IS 'What was decided.';
COMMENT ON COLUMN store.referral_decision.proposed_by IS 'Who proposed it.';
COMMENT ON COLUMN store.referral_decision.decided_by IS 'rep_id of the person who decided.';
COMMENT ON COLUMN store.referral_decision.decided_on IS 'Business date of the batch: counts for later nights.';
COMMENT ON COLUMN store.referral_decision.decided_at IS 'When.';
COMMENT ON COLUMN store.referral_decision.content_hash IS 'Hash of what was shown.';
COMMENT ON COLUMN store.referral_decision.via IS 'airflow or command.';
COMMENT ON COLUMN store.referral_decision.note IS 'What the approver said.';

CREATE TABLE store.sanction_override (
    override_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    flag TEXT,
    effect TEXT NOT NULL,
    promise_id TEXT,
    ends_override_id TEXT,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    from_on DATE NOT NULL,
    expires_on DATE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (override_id),
    CONSTRAINT sanction_override_not_expired_at_birth CHECK (expires_on >= from_on),
    CONSTRAINT sanction_override_promise CHECK ((effect = 'accept_promise') = (promise_id IS NOT NULL)),
    CONSTRAINT sanction_override_end CHECK ((effect = 'end') = (ends_override_id IS NOT NULL)),
    CONSTRAINT sanction_override_impose_flag CHECK (effect <> 'impose' OR flag IS NOT NULL),
    CONSTRAINT sanction_override_flag_values CHECK (flag IN ('stop_supply', 'stop_service', 'terminate_authorization', 'reputation_notice', 'legal_referral')),
    CONSTRAINT sanction_override_effect_values CHECK (effect IN ('exempt', 'impose', 'accept_promise', 'end'))
);
COMMENT ON TABLE store.sanction_override IS 'What people decided against the rules (人工干预), with author, reason and expiry: written once.';
COMMENT ON COLUMN store.sanction_override.override_id IS 'Override (人工干预).';
COMMENT ON COLUMN store.sanction_override.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.sanction_override.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.sanction_override.flag IS 'Sanction it is about; empty: all of them.';
COMMENT ON COLUMN store.sanction_override.effect IS 'exempt: no sanction, what is active is released; impose: propose it whatever the entry rules say; accept_promise: released while the promise is open; end: ends another override.';
COMMENT ON COLUMN store.sanction_override.promise_id IS 'Promise that was accepted.';
COMMENT ON COLUMN store.sanction_override.ends_override_id IS 'Override that this row ends.';
COMMENT ON COLUMN store.sanction_override.author IS 'rep_id of the person who decided.';
COMMENT ON COLUMN store.sanction_override.reason IS 'Why, in the author''s words.';
COMMENT ON COLUMN store.sanction_override.from_on IS 'Business date on which it was written: counts for later nights.';
COMMENT ON COLUMN store.sanction_override.expires_on IS 'Last business date on which it counts.';
COMMENT ON COLUMN store.sanction_override.created_at IS 'Written.';

ALTER TABLE store.account_status ADD COLUMN ladder_next_step TEXT;
COMMENT ON COLUMN store.account_status.ladder_next_step IS 'Notice or sanction that would follow; empty: nothing is left, or nothing is due.';
ALTER TABLE store.account_status ADD COLUMN ladder_next_on DATE;
COMMENT ON COLUMN store.account_status.ladder_next_on IS 'Earliest business date of that step, as far as time alone decides.';
ALTER TABLE store.account_status ADD COLUMN profile_pct NUMERIC(9, 2);
COMMENT ON COLUMN store.account_status.profile_pct IS 'Share of the customer profile (客户资料) that is filled in, percent.';
ALTER TABLE store.account_status ADD COLUMN risk_grade_previous TEXT;
COMMENT ON COLUMN store.account_status.risk_grade_previous IS 'Grade on the previous published night.';
ALTER TABLE store.account_status ADD COLUMN grade_worsened_times INTEGER;
COMMENT ON COLUMN store.account_status.grade_worsened_times IS 'Times the grade worsened since it last improved.';
ALTER TABLE store.account_flag ADD COLUMN evidence TEXT;
COMMENT ON COLUMN store.account_flag.evidence IS 'What shows that the step before was delivered: contact_log:<id>, message:<id>, flag:<flag>.';
ALTER TABLE store.account_flag ADD COLUMN evidence_on DATE;
COMMENT ON COLUMN store.account_flag.evidence_on IS 'Day of that delivery.';
ALTER TABLE store.account_flag ADD COLUMN proposed_by TEXT;
COMMENT ON COLUMN store.account_flag.proposed_by IS 'policy:<version>, or the author of the override that asked for it: never the approver.';
ALTER TABLE store.account_flag ADD COLUMN approver_id TEXT;
COMMENT ON COLUMN store.account_flag.approver_id IS 'rep_id of the person whose approval it needs; empty: nobody is high enough.';
ALTER TABLE store.account_flag ADD COLUMN batch_id TEXT;
COMMENT ON COLUMN store.account_flag.batch_id IS 'Batch in which it was decided.';
ALTER TABLE store.account_flag ADD COLUMN is_held BOOLEAN;
COMMENT ON COLUMN store.account_flag.is_held IS 'Held back by the cap on new sanctions, or because the gate is not open.';
ALTER TABLE store.account_status ADD CONSTRAINT account_status_risk_grade_previous_values
CHECK (risk_grade_previous IN ('A', 'B', 'C', 'D', 'E'));
ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values
CHECK (kind IN ('digest', 'escalation', 'data_owner', 'approval', 'approval_reminder', 'notice'));
COMMENT ON COLUMN store.decision_reason.decision IS 'What was decided: stage, risk_score, risk_grade, pattern, arrears_nature, warning:<warning>, ladder, flag:<flag>, task:<task_id>.';
COMMENT ON COLUMN store.task.kind IS 'call, chase_promise, resolve_dispute, escalate, file_claim.';
COMMENT ON COLUMN store.run_step.step IS 'extract, validate, classify, publish, outbox, approval, approval_reminder, send.';
COMMENT ON COLUMN store.account_flag.reason IS 'Rule that proposed it; for a released one, what released it.';
COMMENT ON TABLE store.account_flag IS 'Sanctions proposed, in force, refused or released tonight (惩戒状态).';
