CREATE TABLE store.task_end (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    task_id TEXT NOT NULL,
    rep_id TEXT,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject_id TEXT,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    amount NUMERIC(18, 4),
    currency TEXT,
    first_listed_on DATE NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, task_id),
    CONSTRAINT task_end_outcome_values CHECK (outcome IN ('done', 'void')),
    CONSTRAINT task_end_reason_values CHECK (reason IN ('paid', 'kept', 'promised', 'talked', 'resolved', 'obtained', 'not_needed'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.task_end IS 'Tasks that ended since the night before, and how (任务完结).';
COMMENT ON COLUMN store.task_end.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.task_end.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.task_end.task_id IS 'Task of the night before that is in no list any more.';
COMMENT ON COLUMN store.task_end.rep_id IS 'Whose list it stood in.';
COMMENT ON COLUMN store.task_end.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.task_end.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.task_end.kind IS 'What was to be done (任务类型).';
COMMENT ON COLUMN store.task_end.subject_id IS 'Document, promise or dispute it was about.';
COMMENT ON COLUMN store.task_end.outcome IS 'Done, when the facts show that it was; else void.';
COMMENT ON COLUMN store.task_end.reason IS 'How the facts show it.';
COMMENT ON COLUMN store.task_end.amount IS 'What came in since it was first listed, where that ended it.';
COMMENT ON COLUMN store.task_end.currency IS 'ISO 4217 code of amount.';
COMMENT ON COLUMN store.task_end.first_listed_on IS 'Business date on which it first stood in a list.';
COMMENT ON COLUMN store.task_end.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.account_change (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    change TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount NUMERIC(18, 4),
    rep_id TEXT,
    manager_id TEXT,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id, change, subject_id, currency)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.account_change IS 'What is different since the night before (昨日变化).';
COMMENT ON COLUMN store.account_change.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.account_change.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.account_change.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.account_change.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.account_change.change IS 'paid, promised, kept, broken, sanctioned, released, late.';
COMMENT ON COLUMN store.account_change.subject_id IS 'Promise, sanction or stage it is about; empty for money.';
COMMENT ON COLUMN store.account_change.currency IS 'ISO 4217 code of amount; empty where there is none.';
COMMENT ON COLUMN store.account_change.amount IS 'How much.';
COMMENT ON COLUMN store.account_change.rep_id IS 'Who works on the account today.';
COMMENT ON COLUMN store.account_change.manager_id IS 'Who is above.';
COMMENT ON COLUMN store.account_change.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.target_gap (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    month DATE NOT NULL,
    account_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    target NUMERIC(18, 4) NOT NULL,
    committed NUMERIC(18, 4) NOT NULL,
    received NUMERIC(18, 4) NOT NULL,
    gap NUMERIC(18, 4) NOT NULL,
    planned_uplift NUMERIC(18, 4) NOT NULL,
    uncovered NUMERIC(18, 4) NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, month, account_id, currency)
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.target_gap IS 'Monthly target per account against commitments (目标与缺口).';
COMMENT ON COLUMN store.target_gap.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.target_gap.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.target_gap.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.target_gap.month IS 'First day of the month.';
COMMENT ON COLUMN store.target_gap.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.target_gap.currency IS 'ISO 4217 code of all amounts in this row.';
COMMENT ON COLUMN store.target_gap.target IS 'To be received in the month (回款目标).';
COMMENT ON COLUMN store.target_gap.committed IS 'Open promises for this month, less what came in for them (已承诺).';
COMMENT ON COLUMN store.target_gap.received IS 'Received in the month through as-of (已回款).';
COMMENT ON COLUMN store.target_gap.gap IS 'Target less received less committed, at least 0 (缺口).';
COMMENT ON COLUMN store.target_gap.planned_uplift IS 'What measures still under way are expected to bring (措施).';
COMMENT ON COLUMN store.target_gap.uncovered IS 'Gap less planned uplift, at least 0.';
COMMENT ON COLUMN store.target_gap.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.handover (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    rep_id TEXT,
    works_rep_id TEXT,
    cause TEXT NOT NULL,
    until_on DATE,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id),
    CONSTRAINT handover_cause_values CHECK (cause IN ('absent', 'left', 'nobody'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.handover IS 'Accounts with money open that somebody else works on today (代班与交接).';
COMMENT ON COLUMN store.handover.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.handover.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.handover.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.handover.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.handover.rep_id IS 'Rep in charge; empty: nobody.';
COMMENT ON COLUMN store.handover.works_rep_id IS 'Who works on the account today; empty: nobody does.';
COMMENT ON COLUMN store.handover.cause IS 'Why it is not the rep in charge.';
COMMENT ON COLUMN store.handover.until_on IS 'Last day of the absence.';
COMMENT ON COLUMN store.handover.as_of IS 'Close of books (截止日): the day before the business date.';

CREATE TABLE store.terms_advice (
    business_date DATE NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    company_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    business_functional NUMERIC(18, 4),
    terms TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (business_date, run_id, company_id, account_id),
    CONSTRAINT terms_advice_terms_values CHECK (terms IN ('deposit_on_delivery', 'monthly', 'quarterly'))
)
 PARTITION BY RANGE (business_date, run_id);
COMMENT ON TABLE store.terms_advice IS 'Terms of payment to offer each account, by grade and business (账期建议).';
COMMENT ON COLUMN store.terms_advice.business_date IS 'Business date (业务日): the morning on which people act.';
COMMENT ON COLUMN store.terms_advice.run_id IS 'Run that computed the row.';
COMMENT ON COLUMN store.terms_advice.company_id IS 'Company (公司).';
COMMENT ON COLUMN store.terms_advice.account_id IS 'Customer account (客户).';
COMMENT ON COLUMN store.terms_advice.business_functional IS 'Mean business of a month in functional currency; empty: a rate is missing.';
COMMENT ON COLUMN store.terms_advice.terms IS 'Terms to offer.';
COMMENT ON COLUMN store.terms_advice.as_of IS 'Close of books (截止日): the day before the business date.';

ALTER TABLE store.task ADD COLUMN act_on DATE;
COMMENT ON COLUMN store.task.act_on IS 'First day that suits the customer''s way of paying and the calendar (最佳日).';
ALTER TABLE store.task ADD COLUMN contact_id TEXT;
COMMENT ON COLUMN store.task.contact_id IS 'Person at the customer to speak to; names stay in the ledger.';
ALTER TABLE store.task ADD COLUMN is_planned BOOLEAN;
COMMENT ON COLUMN store.task.is_planned IS 'Fits into the person''s day; others wait and gain points by waiting.';
ALTER TABLE store.task ADD COLUMN is_floor BOOLEAN;
COMMENT ON COLUMN store.task.is_floor IS 'Nobody has spoken to the account for longer than the policy allows (覆盖底线).';
ALTER TABLE store.task ADD COLUMN pay_on DATE;
COMMENT ON COLUMN store.task.pay_on IS 'First day on which money can arrive when asked for on act_on.';
ALTER TABLE store.task ADD COLUMN special TEXT;
COMMENT ON COLUMN store.task.special IS 'Special case that the customer has brought up (特殊情形).';
COMMENT ON COLUMN store.task.kind IS 'What is to be done (任务类型).';

ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values
CHECK (kind IN ('digest', 'escalation', 'data_owner', 'approval', 'approval_reminder', 'notice', 'undelivered'));
ALTER TABLE store.message ADD COLUMN timezone TEXT;
COMMENT ON COLUMN store.message.timezone IS 'IANA zone of the reader''s company, whose clock counts; empty: the policy''s.';

CREATE TABLE store.message_action (
    message_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    business_date DATE NOT NULL,
    action TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT,
    state_before TEXT NOT NULL,
    state_after TEXT NOT NULL,
    error_before TEXT,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (message_id, position),
    CONSTRAINT message_action_action_values CHECK (action IN ('released', 'dropped', 'retried', 'told')),
    CONSTRAINT message_action_state_before_values CHECK (state_before IN ('queued', 'sending', 'sent', 'deferred', 'refused', 'unknown', 'expired', 'parked', 'suppressed')),
    CONSTRAINT message_action_state_after_values CHECK (state_after IN ('queued', 'sending', 'sent', 'deferred', 'refused', 'unknown', 'expired', 'parked', 'suppressed'))
);
COMMENT ON TABLE store.message_action IS 'What people did about mails that did not leave by themselves, and who was told: written once.';
COMMENT ON COLUMN store.message_action.message_id IS 'Mail that it is about.';
COMMENT ON COLUMN store.message_action.position IS 'Of this mail''s actions, 1 first.';
COMMENT ON COLUMN store.message_action.business_date IS 'Business date of the mail.';
COMMENT ON COLUMN store.message_action.action IS 'What was done.';
COMMENT ON COLUMN store.message_action.decided_by IS 'rep_id; operator:<login>; huikuan, when somebody was told.';
COMMENT ON COLUMN store.message_action.reason IS 'Why, in the words of who did it; of told: the rep_id of who was told.';
COMMENT ON COLUMN store.message_action.state_before IS 'State that it was in.';
COMMENT ON COLUMN store.message_action.state_after IS 'State that it is in since.';
COMMENT ON COLUMN store.message_action.error_before IS 'What stood in last_error.';
COMMENT ON COLUMN store.message_action.decided_at IS 'Done.';
