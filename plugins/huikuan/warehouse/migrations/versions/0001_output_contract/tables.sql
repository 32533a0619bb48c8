CREATE TABLE store.open_item (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on DATE NOT NULL,
    amount NUMERIC(18, 4) NOT NULL,
    open_amount NUMERIC(18, 4) NOT NULL,
    net_amount NUMERIC(18, 4) NOT NULL,
    disputed_amount NUMERIC(18, 4) NOT NULL,
    collectable_amount NUMERIC(18, 4) NOT NULL,
    days_past_due INTEGER NOT NULL,
    days_past_due_as_of INTEGER NOT NULL,
    stage TEXT NOT NULL,
    bucket TEXT NOT NULL,
    is_retention BOOLEAN NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, document_id, seq),
    CONSTRAINT open_item_stage_values CHECK (stage IN ('M0', 'M1', 'M2', 'M3', 'M4')),
    CONSTRAINT open_item_bucket_values CHECK (bucket IN ('not_due', 'd1_30', 'd31_60', 'd61_90', 'd91_180', 'd181_365', 'd366_plus'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.open_item IS 'Every instalment with something open (未清项).';
COMMENT ON COLUMN store.open_item.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.open_item.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.open_item.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.open_item.document_id IS 'Document (单据).';
COMMENT ON COLUMN store.open_item.seq IS 'Instalment (分期); 1 for a document with one due date.';
COMMENT ON COLUMN store.open_item.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.open_item.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.open_item.due_on IS 'Due date of the instalment.';
COMMENT ON COLUMN store.open_item.amount IS 'Instalment amount.';
COMMENT ON COLUMN store.open_item.open_amount IS 'Amount less allocations dated on or before as-of (未清金额).';
COMMENT ON COLUMN store.open_item.net_amount IS 'Open amount less linked credit notes and free credit (净欠款).';
COMMENT ON COLUMN store.open_item.disputed_amount IS 'Part of the net amount in dispute (争议金额).';
COMMENT ON COLUMN store.open_item.collectable_amount IS 'Net amount less disputed amount: what may be asked for today.';
COMMENT ON COLUMN store.open_item.days_past_due IS 'Business date − due date, at least 0: the collector''s count.';
COMMENT ON COLUMN store.open_item.days_past_due_as_of IS 'As-of − due date, at least 0: the accountant''s count.';
COMMENT ON COLUMN store.open_item.stage IS 'Stage by days_past_due (逾期阶段).';
COMMENT ON COLUMN store.open_item.bucket IS 'Ageing bucket by days_past_due_as_of (账龄).';
COMMENT ON COLUMN store.open_item.is_retention IS 'Retention money (质保金).';
COMMENT ON COLUMN store.open_item.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.account_balance (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    open_amount NUMERIC(18, 4) NOT NULL,
    free_credit NUMERIC(18, 4) NOT NULL,
    net_amount NUMERIC(18, 4) NOT NULL,
    credit_balance NUMERIC(18, 4) NOT NULL,
    disputed_amount NUMERIC(18, 4) NOT NULL,
    collectable_amount NUMERIC(18, 4) NOT NULL,
    overdue_amount NUMERIC(18, 4) NOT NULL,
    not_due NUMERIC(18, 4) NOT NULL,
    d1_30 NUMERIC(18, 4) NOT NULL,
    d31_60 NUMERIC(18, 4) NOT NULL,
    d61_90 NUMERIC(18, 4) NOT NULL,
    d91_180 NUMERIC(18, 4) NOT NULL,
    d181_365 NUMERIC(18, 4) NOT NULL,
    d366_plus NUMERIC(18, 4) NOT NULL,
    max_days_past_due INTEGER NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id, currency)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.account_balance IS 'One row per account and currency with anything open or any free credit (客户余额).';
COMMENT ON COLUMN store.account_balance.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.account_balance.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.account_balance.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.account_balance.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.account_balance.currency IS 'ISO 4217 code; currencies are never summed.';
COMMENT ON COLUMN store.account_balance.open_amount IS 'Sum of open items: the ledger''s view.';
COMMENT ON COLUMN store.account_balance.free_credit IS 'Unapplied receipts and credit notes before netting (未核销款).';
COMMENT ON COLUMN store.account_balance.net_amount IS 'Sum of net amounts: the collector''s view.';
COMMENT ON COLUMN store.account_balance.credit_balance IS 'Free credit that met no open item.';
COMMENT ON COLUMN store.account_balance.disputed_amount IS 'Sum in dispute.';
COMMENT ON COLUMN store.account_balance.collectable_amount IS 'Net less disputed.';
COMMENT ON COLUMN store.account_balance.overdue_amount IS 'Collectable amount with days_past_due above 0.';
COMMENT ON COLUMN store.account_balance.not_due IS 'Open amount in bucket not_due, as of the close of books.';
COMMENT ON COLUMN store.account_balance.d1_30 IS 'Open amount in bucket d1_30, as of the close of books.';
COMMENT ON COLUMN store.account_balance.d31_60 IS 'Open amount in bucket d31_60, as of the close of books.';
COMMENT ON COLUMN store.account_balance.d61_90 IS 'Open amount in bucket d61_90, as of the close of books.';
COMMENT ON COLUMN store.account_balance.d91_180 IS 'Open amount in bucket d91_180, as of the close of books.';
COMMENT ON COLUMN store.account_balance.d181_365 IS 'Open amount in bucket d181_365, as of the close of books.';
COMMENT ON COLUMN store.account_balance.d366_plus IS 'Open amount in bucket d366_plus, as of the close of books.';
COMMENT ON COLUMN store.account_balance.max_days_past_due IS 'Largest days_past_due among collectable items; 0 when none.';
COMMENT ON COLUMN store.account_balance.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.account_status (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    rep_id TEXT,
    segment TEXT NOT NULL,
    stage TEXT NOT NULL,
    stage_previous TEXT,
    risk_grade TEXT NOT NULL,
    risk_score INTEGER NOT NULL,
    pattern TEXT,
    arrears_nature TEXT,
    overdue_functional NUMERIC(18, 4),
    exposure_functional NUMERIC(18, 4),
    credit_limit NUMERIC(18, 4),
    is_over_limit BOOLEAN NOT NULL,
    oldest_due_on DATE,
    ladder_step TEXT,
    promise_level INTEGER,
    readiness_pct NUMERIC(9, 2),
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id),
    CONSTRAINT account_status_stage_values CHECK (stage IN ('M0', 'M1', 'M2', 'M3', 'M4')),
    CONSTRAINT account_status_stage_previous_values CHECK (stage_previous IN ('M0', 'M1', 'M2', 'M3', 'M4')),
    CONSTRAINT account_status_risk_grade_values CHECK (risk_grade IN ('A', 'B', 'C', 'D', 'E'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.account_status IS 'One row per account: where it stands this morning (客户状态).';
COMMENT ON COLUMN store.account_status.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.account_status.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.account_status.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.account_status.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.account_status.rep_id IS 'Rep in charge (业务员).';
COMMENT ON COLUMN store.account_status.segment IS 'Segment, standard when the ledger says nothing.';
COMMENT ON COLUMN store.account_status.stage IS 'Worst stage among items above the policy''s tolerance.';
COMMENT ON COLUMN store.account_status.stage_previous IS 'Stage on the previous published night.';
COMMENT ON COLUMN store.account_status.risk_grade IS 'Risk grade (风险等级), A best.';
COMMENT ON COLUMN store.account_status.risk_score IS 'Sum of the scorecard''s points, 0 to 100.';
COMMENT ON COLUMN store.account_status.pattern IS 'Non-payment pattern (不回款类型).';
COMMENT ON COLUMN store.account_status.arrears_nature IS 'Non-malicious or suspected malicious (拖欠性质).';
COMMENT ON COLUMN store.account_status.overdue_functional IS 'Overdue amount in functional currency; empty when a rate is missing.';
COMMENT ON COLUMN store.account_status.exposure_functional IS 'Net amount in functional currency; empty when a rate is missing.';
COMMENT ON COLUMN store.account_status.credit_limit IS 'Credit limit; empty = no limit, 0 = blocked.';
COMMENT ON COLUMN store.account_status.is_over_limit IS 'Exposure above the limit, or a limit of 0.';
COMMENT ON COLUMN store.account_status.oldest_due_on IS 'Oldest due date of a collectable overdue item.';
COMMENT ON COLUMN store.account_status.ladder_step IS 'Step of the sanction ladder reached.';
COMMENT ON COLUMN store.account_status.promise_level IS 'Highest level of a promise in force or broken.';
COMMENT ON COLUMN store.account_status.readiness_pct IS 'Readiness to demand payment (催款准备), percent.';
COMMENT ON COLUMN store.account_status.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.decision_reason (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    inputs JSONB NOT NULL,
    threshold TEXT,
    outcome TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id, decision, rule_id)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.decision_reason IS 'Why each stage, grade, flag and task was given (决策依据).';
COMMENT ON COLUMN store.decision_reason.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.decision_reason.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.decision_reason.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.decision_reason.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.decision_reason.decision IS 'What was decided: stage, risk_score, risk_grade, flag:<flag>, task:<task_id>.';
COMMENT ON COLUMN store.decision_reason.rule_id IS 'Rule of the policy that decided, or component that scored.';
COMMENT ON COLUMN store.decision_reason.inputs IS 'Facts the rule looked at.';
COMMENT ON COLUMN store.decision_reason.threshold IS 'Bound that was met.';
COMMENT ON COLUMN store.decision_reason.outcome IS 'What came out: a stage, a grade, points, a state.';
COMMENT ON COLUMN store.decision_reason.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.account_flag (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    flag TEXT NOT NULL,
    state TEXT NOT NULL,
    since DATE NOT NULL,
    decided_by TEXT,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id, flag),
    CONSTRAINT account_flag_state_values CHECK (state IN ('proposed', 'approved', 'rejected', 'active', 'released'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.account_flag IS 'Sanctions proposed or in force (惩戒状态).';
COMMENT ON COLUMN store.account_flag.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.account_flag.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.account_flag.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.account_flag.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.account_flag.flag IS 'Sanction (惩戒).';
COMMENT ON COLUMN store.account_flag.state IS 'State of the sanction.';
COMMENT ON COLUMN store.account_flag.since IS 'Business date on which this state began.';
COMMENT ON COLUMN store.account_flag.decided_by IS 'Who approved or rejected.';
COMMENT ON COLUMN store.account_flag.decided_at IS 'When.';
COMMENT ON COLUMN store.account_flag.reason IS 'Rule that proposed it.';
COMMENT ON COLUMN store.account_flag.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.task (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    task_id TEXT NOT NULL,
    rep_id TEXT,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    points INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    script_id TEXT,
    ask_amount NUMERIC(18, 4),
    currency TEXT,
    due_on DATE NOT NULL,
    first_listed_on DATE NOT NULL,
    subject_id TEXT,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, task_id)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.task IS 'What each person should do today (任务).';
COMMENT ON COLUMN store.task.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.task.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.task.task_id IS 'uuid5 of what the task is about: the same every night.';
COMMENT ON COLUMN store.task.rep_id IS 'Who does it; empty: nobody is in charge of the account.';
COMMENT ON COLUMN store.task.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.task.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.task.kind IS 'call, chase_promise, resolve_dispute, escalate.';
COMMENT ON COLUMN store.task.points IS 'Sum of the reasons'' points.';
COMMENT ON COLUMN store.task.rank IS 'Place in the rep''s list, 1 first.';
COMMENT ON COLUMN store.task.script_id IS 'Script of the playbook (话术).';
COMMENT ON COLUMN store.task.ask_amount IS 'Amount to ask for.';
COMMENT ON COLUMN store.task.currency IS 'ISO 4217 code of ask_amount.';
COMMENT ON COLUMN store.task.due_on IS 'Day by which it should be done.';
COMMENT ON COLUMN store.task.first_listed_on IS 'Business date on which this task first stood in a list.';
COMMENT ON COLUMN store.task.subject_id IS 'Document, promise or dispute it is about.';
COMMENT ON COLUMN store.task.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.promise_status (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    promise_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL,
    received_amount NUMERIC(18, 4) NOT NULL,
    level INTEGER NOT NULL,
    amount NUMERIC(18, 4) NOT NULL,
    currency TEXT NOT NULL,
    promised_for DATE NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, promise_id),
    CONSTRAINT promise_status_state_values CHECK (state IN ('open', 'kept', 'partially_kept', 'broken', 'withdrawn'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.promise_status IS 'What became of each promise (承诺履行).';
COMMENT ON COLUMN store.promise_status.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.promise_status.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.promise_status.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.promise_status.promise_id IS 'Promise (回款承诺).';
COMMENT ON COLUMN store.promise_status.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.promise_status.state IS 'State at as-of.';
COMMENT ON COLUMN store.promise_status.received_amount IS 'Received inside the window.';
COMMENT ON COLUMN store.promise_status.level IS '1 for a first promise, one more after each broken one.';
COMMENT ON COLUMN store.promise_status.amount IS 'Promised amount.';
COMMENT ON COLUMN store.promise_status.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN store.promise_status.promised_for IS 'Day promised.';
COMMENT ON COLUMN store.promise_status.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.aging_summary (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    bucket TEXT NOT NULL,
    value NUMERIC(18, 4) NOT NULL,
    unit TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, name, scope, bucket)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.aging_summary IS 'Ageing per company and currency, as of the close of books (账龄汇总).';
COMMENT ON COLUMN store.aging_summary.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.aging_summary.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.aging_summary.name IS 'Measure: open_amount or items.';
COMMENT ON COLUMN store.aging_summary.scope IS 'company/<id>/currency/<code>.';
COMMENT ON COLUMN store.aging_summary.bucket IS 'Ageing bucket.';
COMMENT ON COLUMN store.aging_summary.value IS 'Amount or count.';
COMMENT ON COLUMN store.aging_summary.unit IS 'ISO 4217 code, or items.';
COMMENT ON COLUMN store.aging_summary.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.data_quality (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    rule_id TEXT NOT NULL,
    severity TEXT NOT NULL,
    table_name TEXT NOT NULL,
    failed_count BIGINT NOT NULL,
    total_count BIGINT NOT NULL,
    description TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, rule_id),
    CONSTRAINT data_quality_severity_values CHECK (severity IN ('critical', 'warning', 'info'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.data_quality IS 'Result of every rule on the ledger of the night (数据质量).';
COMMENT ON COLUMN store.data_quality.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.data_quality.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.data_quality.rule_id IS 'Rule that was checked.';
COMMENT ON COLUMN store.data_quality.severity IS 'critical rows are quarantined; warnings are counted.';
COMMENT ON COLUMN store.data_quality.table_name IS 'Ledger table.';
COMMENT ON COLUMN store.data_quality.failed_count IS 'Rows that failed.';
COMMENT ON COLUMN store.data_quality.total_count IS 'Rows that were looked at.';
COMMENT ON COLUMN store.data_quality.description IS 'What the rule asks for.';
COMMENT ON COLUMN store.data_quality.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.quarantine (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    table_name TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    rule_id TEXT NOT NULL,
    row JSONB NOT NULL,
    reason TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, table_name, row_number, rule_id)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.quarantine IS 'Rows left out of the night (隔离区).';
COMMENT ON COLUMN store.quarantine.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.quarantine.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.quarantine.table_name IS 'Ledger table.';
COMMENT ON COLUMN store.quarantine.row_number IS 'Row in the snapshot''s file, from 0.';
COMMENT ON COLUMN store.quarantine.rule_id IS 'Rule that caught it.';
COMMENT ON COLUMN store.quarantine.row IS 'The row as it came.';
COMMENT ON COLUMN store.quarantine.reason IS 'Why it was left out, and the remedy.';
COMMENT ON COLUMN store.quarantine.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.run (
    run_id TEXT COLLATE "C" NOT NULL,
    business_date DATE NOT NULL,
    as_of DATE NOT NULL,
    snapshot_id TEXT NOT NULL,
    previous_run_id TEXT COLLATE "C",
    policy_version TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    code_version TEXT NOT NULL,
    gate TEXT NOT NULL,
    gate_reasons JSONB NOT NULL,
    is_backfill BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    counts JSONB NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (run_id),
    CONSTRAINT run_gate_values CHECK (gate IN ('open', 'no_contact', 'stop')),
    CONSTRAINT run_status_values CHECK (status IN ('published', 'stopped'))
);
COMMENT ON TABLE store.run IS 'Every run, newest pointer in store.published (运行记录).';
COMMENT ON COLUMN store.run.run_id IS 'Function of snapshot, policy, code and the run before.';
COMMENT ON COLUMN store.run.business_date IS 'Business date (业务日).';
COMMENT ON COLUMN store.run.as_of IS 'Close of books (截止日).';
COMMENT ON COLUMN store.run.snapshot_id IS 'Snapshot of the ledger.';
COMMENT ON COLUMN store.run.previous_run_id IS 'Run whose outputs were yesterday''s state.';
COMMENT ON COLUMN store.run.policy_version IS 'Policy in force.';
COMMENT ON COLUMN store.run.policy_hash IS 'SHA-256 of the policy''s content.';
COMMENT ON COLUMN store.run.code_version IS 'Version of code and models.';
COMMENT ON COLUMN store.run.gate IS 'Decision of the gate.';
COMMENT ON COLUMN store.run.gate_reasons IS 'Why, as a list of sentences in both languages.';
COMMENT ON COLUMN store.run.is_backfill IS 'Computed for the past: nobody is contacted.';
COMMENT ON COLUMN store.run.status IS 'published, or stopped by the gate.';
COMMENT ON COLUMN store.run.counts IS 'Rows per table.';
COMMENT ON COLUMN store.run.published_at IS 'When the row was written.';

CREATE TABLE store.published (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (business_date)
);
COMMENT ON TABLE store.published IS 'The pointer: which run of each business date the views show.';
COMMENT ON COLUMN store.published.business_date IS 'Business date.';
COMMENT ON COLUMN store.published.run_id IS 'The run that readers see.';

CREATE TABLE store.run_company (
    company_id TEXT NOT NULL,
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (company_id, business_date, run_id)
);
COMMENT ON TABLE store.run_company IS 'Companies that each run covers: finds the newest night of a company without reading its results.';
COMMENT ON COLUMN store.run_company.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.run_company.business_date IS 'Business date of the run.';
COMMENT ON COLUMN store.run_company.run_id IS 'A published run that judged accounts of this company.';

CREATE TABLE store.supply_hold (
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    since DATE NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run_id, company_id, account_id)
);
COMMENT ON TABLE store.supply_hold IS 'Accounts whose stop_supply (停止供货) is active in each run: written with the run, never changed.';
COMMENT ON COLUMN store.supply_hold.run_id IS 'A published run.';
COMMENT ON COLUMN store.supply_hold.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.supply_hold.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.supply_hold.since IS 'Business date on which the hold began.';
COMMENT ON COLUMN store.supply_hold.reason IS 'Rule that proposed it.';

CREATE TABLE store.run_step (
    business_date DATE NOT NULL,
    step TEXT NOT NULL,
    token BIGINT NOT NULL,
    inputs TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    result JSONB,
    PRIMARY KEY (business_date, step),
    CONSTRAINT run_step_state_values CHECK (state IN ('running', 'finished'))
);
COMMENT ON TABLE store.run_step IS 'Fences of the steps of a night.';
COMMENT ON COLUMN store.run_step.business_date IS 'Business date.';
COMMENT ON COLUMN store.run_step.step IS 'extract, validate, classify, publish, outbox, send.';
COMMENT ON COLUMN store.run_step.token IS 'Fencing token: grows with every attempt; a write with an older one is refused.';
COMMENT ON COLUMN store.run_step.inputs IS 'Digest of what the step works on; the same again means already done.';
COMMENT ON COLUMN store.run_step.state IS 'running or finished.';
COMMENT ON COLUMN store.run_step.started_at IS 'Start of the last attempt.';
COMMENT ON COLUMN store.run_step.finished_at IS 'End.';
COMMENT ON COLUMN store.run_step.result IS 'What the step handed on: ids and counts.';

CREATE TABLE store.message (
    message_id TEXT NOT NULL,
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C",
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    address TEXT NOT NULL,
    subject TEXT NOT NULL,
    content BYTEA NOT NULL,
    content_hash TEXT NOT NULL,
    accounts JSONB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    token BIGINT NOT NULL,
    last_error TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE NOT NULL,
    not_after TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (message_id),
    CONSTRAINT message_once UNIQUE (business_date, kind, recipient),
    CONSTRAINT message_attempts CHECK (attempts >= 0),
    CONSTRAINT message_kind_values CHECK (kind IN ('digest', 'escalation', 'data_owner')),
    CONSTRAINT message_state_values CHECK (state IN ('queued', 'sending', 'sent', 'deferred', 'refused', 'unknown', 'expired', 'parked', 'suppressed'))
);
COMMENT ON TABLE store.message IS 'The outbox: one row per mail, never deleted (发件箱).';
COMMENT ON COLUMN store.message.message_id IS 'Message-ID header, frozen.';
COMMENT ON COLUMN store.message.business_date IS 'Business date.';
COMMENT ON COLUMN store.message.run_id IS 'Run whose rows the message shows; empty when the night was stopped.';
COMMENT ON COLUMN store.message.kind IS 'Kind of mail.';
COMMENT ON COLUMN store.message.recipient IS 'rep_id of the reader.';
COMMENT ON COLUMN store.message.address IS 'Mail address at the time of writing.';
COMMENT ON COLUMN store.message.subject IS 'Subject line.';
COMMENT ON COLUMN store.message.content IS 'The whole mail as sent, frozen: headers, text, HTML, attachments.';
COMMENT ON COLUMN store.message.content_hash IS 'SHA-256 of content.';
COMMENT ON COLUMN store.message.accounts IS 'Accounts the mail shows: checked against the recipient''s scope.';
COMMENT ON COLUMN store.message.state IS 'State in the outbox.';
COMMENT ON COLUMN store.message.attempts IS 'Times handed to the transport.';
COMMENT ON COLUMN store.message.token IS 'Fencing token of the sender that last claimed it.';
COMMENT ON COLUMN store.message.last_error IS 'What the server or the guard said last.';
COMMENT ON COLUMN store.message.created_at IS 'Written.';
COMMENT ON COLUMN store.message.not_before IS 'Not sent earlier.';
COMMENT ON COLUMN store.message.not_after IS 'Expires then: a morning missed is made fresh.';
COMMENT ON COLUMN store.message.sent_at IS 'Accepted by the transport.';

