"""The output contract: every table that a night publishes, with types, keys and meaning.

``RESULTS`` are partitioned by (business_date, run_id): each run of each night has partitions of its own, and readers
see, through the views of schema ``collections``, the run that the pointer ``store.published`` names. The other tables
of ``STORE`` are plain: runs, step fences, the pointer, and the outbox.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON, TypeEngine

from huikuan.columns import EXACT_RATE, MONEY, PERCENT, TIMESTAMP

STORE = MetaData(schema="store")

STAGES = ("M0", "M1", "M2", "M3", "M4")
BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d91_180", "d181_365", "d366_plus")
FLAGS = ("stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral")
FLAG_STATES = ("proposed", "approved", "rejected", "active", "released")
GATES = ("open", "no_contact", "stop")
MESSAGE_KINDS = (
    "digest",
    "escalation",
    "data_owner",
    "approval",
    "approval_reminder",
    "notice",
    "undelivered",
    "statement",
    "statement_approval",
)
MESSAGE_STATES = (
    "queued",
    "sending",
    "sent",
    "deferred",
    "refused",
    "unknown",
    "expired",
    "parked",
    "suppressed",
)

_Kind = TypeEngine[Any] | type[TypeEngine[Any]]
_JSON = JSON().with_variant(JSONB(), "postgresql")
_SORTABLE = Text(collation="C")  # run_id, everywhere: its range partitions need an order that no locale changes


def _key(name: str, comment: str, kind: _Kind = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False, comment=comment)


def _need(name: str, kind: _Kind, comment: str, values: tuple[str, ...] | None = None) -> Column[Any]:
    return Column(name, kind, nullable=False, comment=comment, info={"values": values} if values else {})


def _may(name: str, kind: _Kind, comment: str, values: tuple[str, ...] | None = None) -> Column[Any]:
    return Column(name, kind, nullable=True, comment=comment, info={"values": values} if values else {})


def _company() -> Column[Any]:
    return _key("company_id", "Company (公司).")


def _account(*, key: bool) -> Column[Any]:
    return (_key if key else lambda name, comment: _need(name, Text, comment))("account_id", "Customer account (客户).")


def _scope(*, key: bool = True) -> tuple[Column[Any], ...]:
    """What a figure of finance is about; the text and its parts say the same."""
    return (
        (_key if key else lambda name, comment: _need(name, Text, comment))(
            "scope",
            "company/<id>, then /segment/<s> or /rep/<id> when only a part, then /currency/<code>, or /total/<code>: "
            "all currencies in the functional one.",
        ),
        _need("company_id", Text, "Company (公司)."),
        _need("dimension", Text, "What the scope is a part by.", ("company", "segment", "rep")),
        _need("member", Text, "Segment or rep_id; empty for the whole company, and for accounts without a rep."),
        _need("currency", Text, "ISO 4217 code of all amounts in this row."),
        _need("is_total", Boolean, "All currencies together, converted at the rate of as-of; else one of them."),
    )


def _result(name: str, *columns: Column[Any], comment: str) -> Table:
    return Table(
        name,
        STORE,
        _key("business_date", "Business date (业务日): the morning on which people act.", Date),
        _key("run_id", "Run that computed the row.", _SORTABLE),
        *columns,
        _need("as_of", Date, "Close of books (截止日): the day before the business date."),
        comment=comment,
        postgresql_partition_by="RANGE (business_date, run_id)",
        info={"result": True},
    )


_result(
    "open_item",
    _company(),
    _key("document_id", "Document (单据)."),
    _key("seq", "Instalment (分期); 1 for a document with one due date.", Integer),
    _account(key=False),
    _need("currency", Text, "ISO 4217 code of all amounts in this row."),
    _need("due_on", Date, "Due date of the instalment."),
    _need("amount", MONEY, "Instalment amount."),
    _need("open_amount", MONEY, "Amount less allocations dated on or before as-of (未清金额)."),
    _need("net_amount", MONEY, "Open amount less linked credit notes and free credit (净欠款)."),
    _need("disputed_amount", MONEY, "Part of the net amount in dispute (争议金额)."),
    _need("collectable_amount", MONEY, "Net amount less disputed amount: what may be asked for today."),
    _need("days_past_due", Integer, "Business date − due date, at least 0: the collector's count."),
    _need("days_past_due_as_of", Integer, "As-of − due date, at least 0: the accountant's count."),
    _need("stage", Text, "Stage by days_past_due (逾期阶段).", STAGES),
    _need("bucket", Text, "Ageing bucket by days_past_due_as_of (账龄).", BUCKETS),
    _need("is_retention", Boolean, "Retention money (质保金)."),
    comment="Every instalment with something open (未清项).",
)
_result(
    "account_balance",
    _company(),
    _account(key=True),
    _key("currency", "ISO 4217 code; currencies are never summed."),
    _need("open_amount", MONEY, "Sum of open items: the ledger's view."),
    _need("free_credit", MONEY, "Unapplied receipts and credit notes before netting (未核销款)."),
    _need("net_amount", MONEY, "Sum of net amounts: the collector's view."),
    _need("credit_balance", MONEY, "Free credit that met no open item."),
    _need("disputed_amount", MONEY, "Sum in dispute."),
    _need("collectable_amount", MONEY, "Net less disputed."),
    _need("overdue_amount", MONEY, "Collectable amount with days_past_due above 0."),
    *(_need(bucket, MONEY, f"Open amount in bucket {bucket}, as of the close of books.") for bucket in BUCKETS),
    _need("max_days_past_due", Integer, "Largest days_past_due among collectable items; 0 when none."),
    comment="One row per account and currency with anything open or any free credit (客户余额).",
)
_result(
    "account_status",
    _company(),
    _account(key=True),
    _may("rep_id", Text, "Rep in charge (业务员)."),
    _need("segment", Text, "Segment, standard when the ledger says nothing."),
    _need("stage", Text, "Worst stage among items above the policy's tolerance.", STAGES),
    _may("stage_previous", Text, "Stage on the previous published night.", STAGES),
    _need("risk_grade", Text, "Risk grade (风险等级), A best.", ("A", "B", "C", "D", "E")),
    _need("risk_score", Integer, "Sum of the scorecard's points, 0 to 100."),
    _may("pattern", Text, "Non-payment pattern (不回款类型)."),
    _may("arrears_nature", Text, "Non-malicious or suspected malicious (拖欠性质)."),
    _may("overdue_functional", MONEY, "Overdue amount in functional currency; empty when a rate is missing."),
    _may("exposure_functional", MONEY, "Net amount in functional currency; empty when a rate is missing."),
    _may("credit_limit", MONEY, "Credit limit; empty = no limit, 0 = blocked."),
    _need("is_over_limit", Boolean, "Exposure above the limit, or a limit of 0."),
    _may("oldest_due_on", Date, "Oldest due date of a collectable overdue item."),
    _may("ladder_step", Text, "Step of the sanction ladder reached."),
    _may("promise_level", Integer, "Highest level of a promise in force or broken."),
    _may("readiness_pct", PERCENT, "Readiness to demand payment (催款准备), percent."),
    _may("ladder_next_step", Text, "Notice or sanction that would follow; empty: nothing is left, or nothing is due."),
    _may("ladder_next_on", Date, "Earliest business date of that step, as far as time alone decides."),
    _may("profile_pct", PERCENT, "Share of the customer profile (客户资料) that is filled in, percent."),
    _may("risk_grade_previous", Text, "Grade on the previous published night.", ("A", "B", "C", "D", "E")),
    _may("grade_worsened_times", Integer, "Times the grade worsened since it last improved."),
    comment="One row per account: where it stands this morning (客户状态).",
)
_result(
    "decision_reason",
    _company(),
    _account(key=True),
    _key(
        "decision",
        "What was decided: stage, risk_score, risk_grade, pattern, arrears_nature, warning:<warning>, ladder, "
        "flag:<flag>, task:<task_id>.",
    ),
    _key("rule_id", "Rule of the policy that decided, or component that scored."),
    _need("inputs", _JSON, "Facts the rule looked at."),
    _may("threshold", Text, "Bound that was met."),
    _need("outcome", Text, "What came out: a stage, a grade, points, a state."),
    comment="Why each stage, grade, flag and task was given (决策依据).",
)
_result(
    "account_flag",
    _company(),
    _account(key=True),
    _key("flag", "Sanction (惩戒)."),
    _need("state", Text, "State of the sanction.", FLAG_STATES),
    _need("since", Date, "Business date on which this state began."),
    _may("decided_by", Text, "Who approved or rejected."),
    _may("decided_at", TIMESTAMP, "When."),
    _need("reason", Text, "Rule that proposed it; for a released one, what released it."),
    _may(
        "evidence", Text, "What shows that the step before was delivered: contact_log:<id>, message:<id>, flag:<flag>."
    ),
    _may("evidence_on", Date, "Day of that delivery."),
    _may("proposed_by", Text, "policy:<version>, or the author of the override that asked for it: never the approver."),
    _may("approver_id", Text, "rep_id of the person whose approval it needs; empty: nobody is high enough."),
    _may("batch_id", Text, "Batch in which it was decided."),
    _may("is_held", Boolean, "Held back by the cap on new sanctions, or because the gate is not open."),
    comment="Sanctions proposed, in force, refused or released tonight (惩戒状态).",
)
_result(
    "sanction_cap",
    _company(),
    _key("transition", "proposed: new proposals; active: approved ones that would begin."),
    _need("accounts", BigInteger, "Accounts with such a new sanction."),
    _need("accounts_pct", PERCENT, "Of the company's accounts with money open, percent."),
    _may("overdue_functional", MONEY, "Their overdue amount in functional currency."),
    _may("overdue_pct", PERCENT, "Of all that is overdue, percent."),
    _need("is_over", Boolean, "More than the policy's cap: they are held, and the managers are told."),
    comment="New sanctions of the night against the policy's cap (惩戒上限); no row when there are none.",
)
_result(
    "early_warning",
    _company(),
    _account(key=True),
    _key("warning", "Warning (预警) of the policy."),
    _need("since", Date, "Business date on which it first showed, without a break."),
    _need("rule_id", Text, "Rule of the policy that raised it."),
    comment="Early warnings (预警): what looks worse before it is late.",
)
_result(
    "task",
    _key("task_id", "uuid5 of what the task is about: the same every night."),
    _may("rep_id", Text, "Who does it; empty: nobody is in charge of the account."),
    _need("company_id", Text, "Company (公司)."),
    _account(key=False),
    _need("kind", Text, "What is to be done (任务类型)."),
    _need("points", Integer, "Sum of the reasons' points."),
    _need("rank", Integer, "Place in the rep's list, 1 first."),
    _may("script_id", Text, "Script of the playbook (话术)."),
    _may("ask_amount", MONEY, "Amount to ask for."),
    _may("currency", Text, "ISO 4217 code of ask_amount."),
    _need("due_on", Date, "Day by which it should be done."),
    _need("first_listed_on", Date, "Business date on which this task first stood in a list."),
    _may("subject_id", Text, "Document, promise or dispute it is about."),
    _may("act_on", Date, "First day that suits the customer's way of paying and the calendar (最佳日)."),
    _may("contact_id", Text, "Person at the customer to speak to; names stay in the ledger."),
    _may("is_planned", Boolean, "Fits into the person's day; others wait and gain points by waiting."),
    _may("is_floor", Boolean, "Nobody has spoken to the account for longer than the policy allows (覆盖底线)."),
    _may("pay_on", Date, "First day on which money can arrive when asked for on act_on."),
    _may("special", Text, "Special case that the customer has brought up (特殊情形)."),
    comment="What each person should do today (任务).",
)
_result(
    "task_end",
    _key("task_id", "Task of the night before that is in no list any more."),
    _may("rep_id", Text, "Whose list it stood in."),
    _need("company_id", Text, "Company (公司)."),
    _account(key=False),
    _need("kind", Text, "What was to be done (任务类型)."),
    _may("subject_id", Text, "Document, promise or dispute it was about."),
    _need("outcome", Text, "Done, when the facts show that it was; else void.", ("done", "void")),
    _need(
        "reason",
        Text,
        "How the facts show it.",
        ("paid", "kept", "promised", "talked", "resolved", "obtained", "not_needed"),
    ),
    _may("amount", MONEY, "What came in since it was first listed, where that ended it."),
    _may("currency", Text, "ISO 4217 code of amount."),
    _need("first_listed_on", Date, "Business date on which it first stood in a list."),
    comment="Tasks that ended since the night before, and how (任务完结).",
)
_result(
    "account_change",
    _company(),
    _account(key=True),
    _key("change", "paid, promised, kept, broken, sanctioned, released, late."),
    _key("subject_id", "Promise, sanction or stage it is about; empty for money."),
    _key("currency", "ISO 4217 code of amount; empty where there is none."),
    _may("amount", MONEY, "How much."),
    _may("rep_id", Text, "Who works on the account today."),
    _may("manager_id", Text, "Who is above."),
    comment="What is different since the night before (昨日变化).",
)
_result(
    "target_gap",
    _company(),
    _key("month", "First day of the month.", Date),
    _account(key=True),
    _key("currency", "ISO 4217 code of all amounts in this row."),
    _need("target", MONEY, "To be received in the month (回款目标)."),
    _need("committed", MONEY, "Open promises for this month, less what came in for them (已承诺)."),
    _need("received", MONEY, "Received in the month through as-of (已回款)."),
    _need("gap", MONEY, "Target less received less committed, at least 0 (缺口)."),
    _need("planned_uplift", MONEY, "What measures still under way are expected to bring (措施)."),
    _need("uncovered", MONEY, "Gap less planned uplift, at least 0."),
    comment="Monthly target per account against commitments (目标与缺口).",
)
_result(
    "handover",
    _company(),
    _account(key=True),
    _may("rep_id", Text, "Rep in charge; empty: nobody."),
    _may("works_rep_id", Text, "Who works on the account today; empty: nobody does."),
    _need("cause", Text, "Why it is not the rep in charge.", ("absent", "left", "nobody")),
    _may("until_on", Date, "Last day of the absence."),
    comment="Accounts with money open that somebody else works on today (代班与交接).",
)
_result(
    "terms_advice",
    _company(),
    _account(key=True),
    _may("business_functional", MONEY, "Mean business of a month in functional currency; empty: a rate is missing."),
    _need("terms", Text, "Terms to offer.", ("deposit_on_delivery", "monthly", "quarterly")),
    comment="Terms of payment to offer each account, by grade and business (账期建议).",
)
_result(
    "promise_status",
    _company(),
    _key("promise_id", "Promise (回款承诺)."),
    _account(key=False),
    _need("state", Text, "State at as-of.", ("open", "kept", "partially_kept", "broken", "withdrawn")),
    _need("received_amount", MONEY, "Received inside the window."),
    _need("level", Integer, "1 for a first promise, one more after each broken one."),
    _need("amount", MONEY, "Promised amount."),
    _need("currency", Text, "ISO 4217 code."),
    _need("promised_for", Date, "Day promised."),
    comment="What became of each promise (承诺履行).",
)
_result(
    "aging_summary",
    _key("name", "Measure: open_amount or items."),
    _key("scope", "company/<id>/currency/<code>, and the other scopes of metric."),
    _key("bucket", "Ageing bucket."),
    _need("value", MONEY, "Amount or count."),
    _need("unit", Text, "ISO 4217 code, or items."),
    comment="Ageing per company, segment, rep and currency, as of the close of books (账龄汇总).",
)
_result(
    "company",
    _company(),
    _need("name", Text, "Legal name."),
    _need("functional_currency", Text, "ISO 4217 code of the books."),
    _need("timezone", Text, "IANA time zone of the business date."),
    _need("calendar", Text, "Holiday calendar."),
    comment="Companies of the ledger, as of the night (公司).",
)
_result(
    "rep",
    _key("rep_id", "Rep (业务员) or other reader."),
    _need("name", Text, "Name."),
    _need("role", Text, "What the person does.", ("rep", "manager", "finance", "legal")),
    _may("manager_id", Text, "rep_id of the manager."),
    _need("is_active", Boolean, "Still with us."),
    comment="People who collect, manage, account or litigate, as of the night (业务员).",
)
_result(
    "account",
    _company(),
    _account(key=True),
    _need("name", Text, "Customer's name."),
    _need("segment", Text, "Segment, standard when the ledger says nothing."),
    _need("orientation", Text, "Approach (导向)."),
    _may("rep_id", Text, "Rep in charge."),
    _need("status", Text, "active, insolvent, closed.", ("active", "insolvent", "closed")),
    _may("country", Text, "ISO 3166 code."),
    _may("parent_account_id", Text, "Account of the group's parent."),
    comment="Customers of the ledger, as of the night (客户).",
)
_result(
    "month_balance",
    _company(),
    _key("currency", "ISO 4217 code of all amounts in this row."),
    _key("month", "First day of the month; the last one ends at as-of.", Date),
    _need("closed_on", Date, "Last day that counts: the end of the month, or as-of."),
    _need("opening", MONEY, "Balance of the ledger at the close before: open amount less free credit."),
    _need("taken_over", MONEY, "Opening balances (期初余额) dated in the month: no sales."),
    _need("sales", MONEY, "Invoices and debit notes issued in the month (赊销额)."),
    _need("credit_notes", MONEY, "Credit notes issued in the month."),
    _need("receipts", MONEY, "Received in the month (回款)."),
    _need("write_offs", MONEY, "Written off in the month (核销坏账)."),
    _need("closing", MONEY, "Opening + taken over + sales − credit notes − receipts − write-offs: exact."),
    _need("open_amount", MONEY, "Sum of open items at the close."),
    _need("free_credit", MONEY, "Unapplied receipts and credit notes at the close."),
    *(_need(bucket, MONEY, f"Open amount in bucket {bucket} at the close.") for bucket in BUCKETS),
    comment="Roll-forward of the receivables ledger, month by month, as it is known tonight (应收账款变动表).",
)
_result(
    "tie_out",
    _company(),
    _key("currency", "ISO 4217 code."),
    _need("open_amount", MONEY, "Sum of open items."),
    _need("free_credit", MONEY, "Unapplied receipts and credit notes."),
    _need("ledger_balance", MONEY, "Open amount less free credit."),
    _need("quarantined", MONEY, "Net effect of the rows that were left out of the night."),
    _may("control_balance", MONEY, "Balance of the control account in the general ledger on that day."),
    _may("difference", MONEY, "Ledger balance + quarantined − control balance."),
    _need("state", Text, "Whether both say the same.", ("tied", "differs", "not_checked")),
    comment="Sub-ledger against general ledger, per company and currency (总账核对).",
)
_result(
    "metric",
    _key("name", "Metric; docs/metrics.md defines each."),
    *_scope(),
    _key("closed_on", "Day as of which it is measured: as-of, or the end of an earlier month.", Date),
    _key(
        "window",
        "What it looks back on: as_of, mtd (month to date), or m<n>, the n months that end there; of a forecast w<n>, "
        "its n-th week.",
    ),
    _may("value", MONEY, "The figure; empty when there is nothing to divide by."),
    _need("unit", Text, "days, pct, count, or the ISO 4217 code."),
    _may("numerator", MONEY, "What was divided."),
    _may("denominator", MONEY, "By what."),
    _may("note", Text, "What to know about this figure: no_sales, beyond_history, zero_sales_months:<n>, …"),
    comment="Figures of finance in long form (指标), as they are known tonight.",
)
_result(
    "roll_rate",
    *_scope(),
    _key("window", "m<n>: the steps between the month ends of the last n months together."),
    _key("from_bucket", "Bucket at the earlier month end.", Text),
    _key("to_bucket", "Bucket a month later; paid; written_off; or rolled: any later bucket or written off."),
    _need("from_amount", MONEY, "Open in from_bucket at the earlier month end."),
    _need("amount", MONEY, "Of it, what became this."),
    _need("rate", EXACT_RATE, "amount ÷ from_amount, 0 to 1, not rounded for use."),
    comment="How money moves between buckets from month end to month end (迁徙率); written off counts as rolled, never "
    "as paid.",
)
_result(
    "loss_rate",
    _company(),
    _key("portfolio", "Group of accounts with one set of rates."),
    _key("bucket", "Ageing bucket.", Text),
    _may(
        "reached_amount", MONEY, "Came into the bucket, in functional currency; empty when the policy gives the rate."
    ),
    _may("moved_amount", MONEY, "Of it, what got into the next bucket or was written off."),
    _may("flow_rate", EXACT_RATE, "moved ÷ reached."),
    _need("loss_rate", EXACT_RATE, "Share lost in the end: product of the flow rates from here on, or the policy's."),
    _need("forward_factor", EXACT_RATE, "Forward-looking factor (前瞻性调整)."),
    _need("applied_rate", EXACT_RATE, "loss_rate × forward_factor, at most 1: what provisions use."),
    _need("basis", Text, "Where the rate comes from.", ("flow", "policy", "fallback")),
    comment="Expected loss per bucket (预期信用损失率), IFRS 9 simplified approach / 企业会计准则第22号.",
)
_result(
    "provision",
    _company(),
    _key("portfolio", "Group of accounts with one set of rates."),
    _key("currency", "ISO 4217 code of exposure and amount."),
    _key("bucket", "Ageing bucket; of a specific allowance: specific."),
    _key("account_id", "Customer with an allowance of its own (单项计提); empty: the matrix (组合计提)."),
    _need("exposure", MONEY, "Net amount that may be lost."),
    _need("applied_rate", EXACT_RATE, "Rate, not rounded before it is used."),
    _need("amount", MONEY, "exposure × applied_rate, rounded once to the currency's minor unit."),
    _may("amount_functional", MONEY, "The same in functional currency at the rate of as-of."),
    _may("rule_id", Text, "Rule of the policy that asked for a specific allowance."),
    comment="Loss allowance for receivables (坏账准备), matrix and single customers.",
)
_result(
    "provision_movement",
    _company(),
    _key("currency", "ISO 4217 code of all amounts in this row."),
    _key("is_total", "All currencies together in the functional one; else one of them.", Boolean),
    _need("month", Date, "First day of the month that it is about, through as-of."),
    _need("opening", MONEY, "Allowance at the end of the month before."),
    _need("charge", MONEY, "Added to it (计提)."),
    _need("release", MONEY, "Taken back (转回)."),
    _need("write_off", MONEY, "Used for what was written off (核销)."),
    _need("recovery", MONEY, "Written off before, claimed again (收回已核销)."),
    _need("fx", MONEY, "Difference of translation (汇率差); 0 within one currency."),
    _need("closing", MONEY, "Opening + charge − release − write-off + recovery + fx: the sum of provision."),
    _may("written_off_ever", MONEY, "Written off through as-of since the ledger begins; of one currency only."),
    _may("recovered_ever", MONEY, "Of it, claimed again; the next month counts on from both."),
    comment="Movement of the loss allowance in the month (坏账准备变动表).",
)
_result(
    "write_off_candidate",
    _company(),
    _account(key=True),
    _key("currency", "ISO 4217 code."),
    _need("amount", MONEY, "Net amount that could be written off."),
    _need("provided", MONEY, "Allowance for it."),
    _need("cause", Text, "Why (核销原因)."),
    _need("rule_id", Text, "Rule of the policy that named it."),
    _may("oldest_due_on", Date, "Oldest due date."),
    _may("last_receipt_on", Date, "Last time the customer paid anything."),
    _need("evidence", _JSON, "Papers at hand: kind to evidence_ids."),
    _need("missing", _JSON, "Kinds of papers that an auditor will ask for and that are not there."),
    comment="What may have to be written off, with cause and evidence (核销建议).",
)
_result(
    "cash_forecast",
    _company(),
    _key("currency", "ISO 4217 code of all amounts in this row."),
    _key("made_on", "Business date on which it was made: the first night of a week.", Date),
    _key("week_from", "Monday of the week that it is about.", Date),
    _key(
        "component",
        "promise, plan, behaviour (all else that is open), new_sales (not invoiced yet), or total: their sum.",
    ),
    _need("expected", MONEY, "Expected receipts."),
    _may("actual", MONEY, "Received in that week, from the day of the forecast, through as-of; of the total only."),
    _need("is_final", Boolean, "The week is over and its receipts are in."),
    comment="Expected receipts by week, and what came of earlier forecasts (回款预测).",
)
_result(
    "root_cause",
    *_scope(),
    _key("cause", "Root cause (未回款原因) of the policy; unknown when nobody has said."),
    _need("accounts", BigInteger, "Accounts with money overdue."),
    _need("overdue_amount", MONEY, "Their overdue amount."),
    _need("share_pct", PERCENT, "Of all that is overdue in the scope, percent."),
    comment="Why customers do not pay, counted (C5).",
)
_result(
    "rep_performance",
    _company(),
    _key("rep_id", "Rep (业务员)."),
    _key("name", "Habit or result; docs/metrics.md defines each."),
    _may("value", MONEY, "The figure; empty when there is nothing to measure."),
    _need("unit", Text, "days, pct, count, or the ISO 4217 code."),
    _may("benchmark", MONEY, "Median of the company's reps."),
    _need("is_weak", Boolean, "Further from the benchmark than the policy lets pass."),
    _may("advice", Text, "What to change: key of a sentence in both languages."),
    comment="What a rep brings in, and the seller's own part in what is overdue (C7, 业务员绩效).",
)
_result(
    "data_quality",
    _key("rule_id", "Rule that was checked."),
    _need("severity", Text, "critical rows are quarantined; warnings are counted.", ("critical", "warning", "info")),
    _need("table_name", Text, "Ledger table."),
    _need("failed_count", BigInteger, "Rows that failed."),
    _need("total_count", BigInteger, "Rows that were looked at."),
    _need("description", Text, "What the rule asks for."),
    comment="Result of every rule on the ledger of the night (数据质量).",
)
_result(
    "quarantine",
    _key("table_name", "Ledger table."),
    _key("row_number", "Row in the snapshot's file, from 0.", BigInteger),
    _key("rule_id", "Rule that caught it."),
    _need("row", _JSON, "The row as it came."),
    _need("reason", Text, "Why it was left out, and the remedy."),
    comment="Rows left out of the night (隔离区).",
)

RESULTS: dict[str, Table] = {table.name: table for table in STORE.tables.values() if table.info.get("result")}
"""Partitioned tables by bare name, in the order of publication."""

RUN = Table(
    "run",
    STORE,
    Column("run_id", _SORTABLE, primary_key=True, comment="Function of snapshot, policy, code and the run before."),
    _need("business_date", Date, "Business date (业务日)."),
    _need("as_of", Date, "Close of books (截止日)."),
    _need("snapshot_id", Text, "Snapshot of the ledger."),
    _may("previous_run_id", _SORTABLE, "Run whose outputs were yesterday's state."),
    _need("policy_version", Text, "Policy in force."),
    _need("policy_hash", Text, "SHA-256 of the policy's content."),
    _need("code_version", Text, "Version of code and models."),
    _need("gate", Text, "Decision of the gate.", GATES),
    _need("gate_reasons", _JSON, "Why, as a list of sentences in both languages."),
    _need("is_backfill", Boolean, "Computed for the past: nobody is contacted."),
    _need("status", Text, "published, or stopped by the gate.", ("published", "stopped")),
    _need("counts", _JSON, "Rows per table."),
    _need("published_at", TIMESTAMP, "When the row was written."),
    comment="Every run, newest pointer in store.published (运行记录).",
)
PUBLISHED = Table(
    "published",
    STORE,
    Column("business_date", Date, primary_key=True, comment="Business date."),
    Column("run_id", _SORTABLE, nullable=False, comment="The run that readers see."),
    comment="The pointer: which run of each business date the views show.",
)
RUN_COMPANY = Table(
    "run_company",
    STORE,
    _key("company_id", "Company (公司)."),
    _key("business_date", "Business date of the run.", Date),
    _key("run_id", "A published run that judged accounts of this company.", _SORTABLE),
    comment="Companies that each run covers: finds the newest night of a company without reading its results.",
)
SUPPLY_HOLD = Table(
    "supply_hold",
    STORE,
    _key("run_id", "A published run.", _SORTABLE),
    _company(),
    _account(key=True),
    _need("since", Date, "Business date on which the hold began."),
    _need("reason", Text, "Rule that proposed it."),
    comment="Accounts whose stop_supply (停止供货) is active in each run: written with the run, never changed.",
)
RUN_STEP = Table(
    "run_step",
    STORE,
    _key("business_date", "Business date.", Date),
    _key(
        "step",
        "extract, validate, classify, publish, outbox, approval, approval_reminder, statement_approval, statements,"
        " send.",
    ),
    _need("token", BigInteger, "Fencing token: grows with every attempt; a write with an older one is refused."),
    _need("inputs", Text, "Digest of what the step works on; the same again means already done."),
    _need("state", Text, "running or finished.", ("running", "finished")),
    _need("started_at", TIMESTAMP, "Start of the last attempt."),
    _may("finished_at", TIMESTAMP, "End."),
    _may("result", _JSON, "What the step handed on: ids and counts."),
    comment="Fences of the steps of a night.",
)
MESSAGE = Table(
    "message",
    STORE,
    Column("message_id", Text, primary_key=True, comment="Message-ID header, frozen."),
    _need("business_date", Date, "Business date."),
    _may("run_id", _SORTABLE, "Run whose rows the message shows; empty when the night was stopped."),
    _need("kind", Text, "Kind of mail.", MESSAGE_KINDS),
    _need("recipient", Text, "rep_id of the reader; of a statement company/account/number."),
    _need("address", Text, "Mail address at the time of writing."),
    _need("subject", Text, "Subject line."),
    _need("content", LargeBinary, "The whole mail as sent, frozen: headers, text, HTML, attachments."),
    _need("content_hash", Text, "SHA-256 of content."),
    _need("accounts", _JSON, "Accounts the mail shows: checked against the recipient's scope."),
    _need("state", Text, "State in the outbox.", MESSAGE_STATES),
    _need("attempts", Integer, "Times handed to the transport."),
    _need("token", BigInteger, "Fencing token of the sender that last claimed it."),
    _may("last_error", Text, "What the server or the guard said last."),
    _need("created_at", TIMESTAMP, "Written."),
    _need("not_before", TIMESTAMP, "Not sent earlier."),
    _need("not_after", TIMESTAMP, "Expires then: a morning missed is made fresh."),
    _may("sent_at", TIMESTAMP, "Accepted by the transport."),
    _may("timezone", Text, "IANA zone of the reader's company, whose clock counts; empty: the policy's."),
    UniqueConstraint("business_date", "kind", "recipient", name="message_once"),
    CheckConstraint("attempts >= 0", name="message_attempts"),
    comment="The outbox: one row per mail, never deleted (发件箱).",
)

MESSAGE_ACTION = Table(
    "message_action",
    STORE,
    _key("message_id", "Mail that it is about."),
    _key("position", "Of this mail's actions, 1 first.", Integer),
    _need("business_date", Date, "Business date of the mail."),
    _need("action", Text, "What was done.", ("released", "dropped", "retried", "told")),
    _need("decided_by", Text, "rep_id; operator:<login>; huikuan, when somebody was told."),
    _may("reason", Text, "Why, in the words of who did it; of told: the rep_id of who was told."),
    _need("state_before", Text, "State that it was in.", MESSAGE_STATES),
    _need("state_after", Text, "State that it is in since.", MESSAGE_STATES),
    _may("error_before", Text, "What stood in last_error."),
    _need("decided_at", TIMESTAMP, "Done."),
    comment="What people did about mails that did not leave by themselves, and who was told: written once.",
)

REFERRAL_BATCH = Table(
    "referral_batch",
    STORE,
    Column("batch_id", Text, primary_key=True, comment="<YYYYMMDD>-<hash>: a function of what is asked."),
    _need("business_date", Date, "Business date whose proposals it holds."),
    _need("run_id", _SORTABLE, "Run that proposed them."),
    _need("approver_id", Text, "rep_id of the only person who may answer."),
    _need("content_hash", Text, "SHA-256 of the table that is shown, with snapshot and policy."),
    _need("item_count", Integer, "Proposals in it."),
    _need("opened_at", TIMESTAMP, "Opened."),
    UniqueConstraint("run_id", "approver_id", name="referral_batch_once"),
    comment="Proposed sanctions put before one approver (审批批次).",
)
REFERRAL_ITEM = Table(
    "referral_item",
    STORE,
    _key("batch_id", "Batch."),
    _key("position", "Line of the table that is shown, 1 first.", Integer),
    _need("company_id", Text, "Company (公司)."),
    _need("account_id", Text, "Customer account (客户)."),
    _need("flag", Text, "Sanction (惩戒).", FLAGS),
    _need("reason", Text, "Rule that proposed it."),
    _need("proposed_by", Text, "policy:<version>, or the author of an override."),
    _need("proposed_since", Date, "Business date of the first proposal."),
    _need("stage", Text, "Stage (逾期阶段).", STAGES),
    _need("risk_grade", Text, "Risk grade (风险等级)."),
    _may("overdue_functional", MONEY, "Overdue amount in functional currency."),
    _may("currency", Text, "Functional currency."),
    _may("days_past_due", Integer, "Days past due of the oldest item."),
    _may("evidence", Text, "What shows that the step before was delivered."),
    _may("evidence_on", Date, "Day of that delivery."),
    UniqueConstraint("batch_id", "company_id", "account_id", "flag", name="referral_item_once"),
    comment="Lines of a batch, as shown to the approver.",
)
REFERRAL_DECISION = Table(
    "referral_decision",
    STORE,
    _key("batch_id", "Batch."),
    _key("company_id", "Company (公司)."),
    _key("account_id", "Customer account (客户)."),
    _key("flag", "Sanction (惩戒)."),
    _need("choice", Text, "What was decided.", ("approved", "rejected", "left_out")),
    _need("proposed_by", Text, "Who proposed it."),
    _need("decided_by", Text, "rep_id of the person who decided."),
    _need("decided_on", Date, "Business date of the batch: counts for later nights."),
    _need("decided_at", TIMESTAMP, "When."),
    _need("content_hash", Text, "Hash of what was shown."),
    _need("via", Text, "airflow or command.", ("airflow", "command")),
    _may("note", Text, "What the approver said."),
    CheckConstraint("decided_by <> proposed_by", name="referral_decision_not_by_proposer"),
    comment="Decisions of people on proposed sanctions (审批结果): written once, never changed.",
)
SANCTION_OVERRIDE = Table(
    "sanction_override",
    STORE,
    Column("override_id", Text, primary_key=True, comment="Override (人工干预)."),
    _need("company_id", Text, "Company (公司)."),
    _need("account_id", Text, "Customer account (客户)."),
    _may("flag", Text, "Sanction it is about; empty: all of them.", FLAGS),
    _need(
        "effect",
        Text,
        "exempt: no sanction, what is active is released; impose: propose it whatever the entry rules say; "
        "accept_promise: released while the promise is open; end: ends another override.",
        ("exempt", "impose", "accept_promise", "end"),
    ),
    _may("promise_id", Text, "Promise that was accepted."),
    _may("ends_override_id", Text, "Override that this row ends."),
    _need("author", Text, "rep_id of the person who decided."),
    _need("reason", Text, "Why, in the author's words."),
    _need("from_on", Date, "Business date on which it was written: counts for later nights."),
    _need("expires_on", Date, "Last business date on which it counts."),
    _need("created_at", TIMESTAMP, "Written."),
    CheckConstraint("expires_on >= from_on", name="sanction_override_not_expired_at_birth"),
    CheckConstraint("(effect = 'accept_promise') = (promise_id IS NOT NULL)", name="sanction_override_promise"),
    CheckConstraint("(effect = 'end') = (ends_override_id IS NOT NULL)", name="sanction_override_end"),
    CheckConstraint("effect <> 'impose' OR flag IS NOT NULL", name="sanction_override_impose_flag"),
    comment="What people decided against the rules (人工干预), with author, reason and expiry: written once.",
)
STATEMENT_BATCH = Table(
    "statement_batch",
    STORE,
    Column("batch_id", Text, primary_key=True, comment="<YYYYMM>-<company>-<hash>: a function of what is shown."),
    _need("company_id", Text, "Company (公司)."),
    _need("cut_off", Date, "Close of books that the statements show: the end of a month."),
    _need("business_date", Date, "Business date of the night they are made from."),
    _need("run_id", _SORTABLE, "Run that they are made from."),
    _need("approver_id", Text, "rep_id of the only person who may answer."),
    _need("content_hash", Text, "SHA-256 of what is shown, with the hash of every file."),
    _need("item_count", Integer, "Statements in it."),
    _need("opened_at", TIMESTAMP, "Opened."),
    comment="Statements put before one approver before they leave (对账函批次).",
)
STATEMENT = Table(
    "statement",
    STORE,
    Column("statement_id", Text, primary_key=True, comment="uuid5 of batch and account."),
    _need("batch_id", Text, "Batch."),
    _need("position", Integer, "Line of the batch, 1 first."),
    _need("company_id", Text, "Company (公司)."),
    _need("account_id", Text, "Customer account (客户)."),
    _need("cut_off", Date, "Close of books that it shows."),
    _need("number", Text, "Number that the customer reads and quotes."),
    _need("locale", Text, "Language: zh_CN or en."),
    _may("contact_id", Text, "Person it goes to; empty: nobody with an address, it must be printed."),
    _need("balances", _JSON, "Currency to open amount, free credit and balance, as shown."),
    _need("item_count", Integer, "Items it lists."),
    _need("page_count", Integer, "Pages of the PDF."),
    _need("file_hash", Text, "SHA-256 of the PDF."),
    UniqueConstraint("batch_id", "company_id", "account_id", name="statement_once"),
    comment="Statements of account (对账函), as prepared: written once, never changed.",
)
STATEMENT_DECISION = Table(
    "statement_decision",
    STORE,
    _key("statement_id", "Statement."),
    _need("choice", Text, "What was decided.", ("approved", "rejected", "left_out")),
    _need("decided_by", Text, "rep_id of the person who decided."),
    _need("decided_on", Date, "Business date of the batch."),
    _need("decided_at", TIMESTAMP, "When."),
    _need("content_hash", Text, "Hash of what was shown."),
    _need("via", Text, "airflow or command.", ("airflow", "command")),
    _may("note", Text, "What the approver said."),
    comment="Decisions of people on statements: written once, never changed.",
)
STATEMENT_REPLY = Table(
    "statement_reply",
    STORE,
    _key("statement_id", "Statement."),
    _key("position", "Of this statement's replies, 1 first; the last one counts.", Integer),
    _need("outcome", Text, "What the customer said; silence is no reply.", ("confirmed", "differs", "undeliverable")),
    _need("received_on", Date, "Day of the reply: counts for later nights."),
    _may("currency", Text, "ISO 4217 code of stated_amount."),
    _may("stated_amount", MONEY, "Balance in the customer's books, when it differs."),
    _may("document_id", Text, "Document that the difference is about."),
    _may("uri", Text, "Where the stamped paper is kept."),
    _may("note", Text, "What else was said."),
    _need("recorded_by", Text, "rep_id, or operator:<login>."),
    _need("recorded_at", TIMESTAMP, "Written."),
    CheckConstraint("outcome <> 'confirmed' OR uri IS NOT NULL", name="statement_reply_confirmed_on_paper"),
    comment="What customers answered to statements (对账回函): written once, never inferred.",
)
STATEMENT_HANDOVER = Table(
    "statement_handover",
    STORE,
    _key("statement_id", "Statement."),
    _key("position", "Of this statement's deliveries by hand, 1 first.", Integer),
    _need("handed_on", Date, "Day on which the customer got it: counts for later nights."),
    _may("note", Text, "How: visit, courier and its number."),
    _need("recorded_by", Text, "rep_id of who wrote it down."),
    _need("recorded_at", TIMESTAMP, "Written."),
    comment="Statements that people delivered on paper (纸质对账函送达): written once, never inferred.",
)
MONTH_LOCK = Table(
    "month_lock",
    STORE,
    _company(),
    _key("month", "First day of the month.", Date),
    _key("version", "1 is the close; each later one is a correction.", Integer),
    _need("business_date", Date, "Business date whose close of books ends the month."),
    _need("run_id", _SORTABLE, "Run whose rows are the figures of the month: its partitions are never removed."),
    _need("content_hash", Text, "SHA-256 of the figures that were locked."),
    _need("locked_by", Text, "rep_id; operator:<login>; huikuan, when the month end did it."),
    _need("locked_at", TIMESTAMP, "Written."),
    _need("reason", Text, "Why there is another version; of the first: closed."),
    CheckConstraint("version >= 1", name="month_lock_version"),
    comment="Closed months (关账): which run's rows are the figures of a month; corrections are later versions.",
)
REP_LOGIN = Table(
    "rep_login",
    STORE,
    Column("login", Text, primary_key=True, comment="Login of the database, a member of huikuan_rep."),
    _need("rep_id", Text, "Rep whose accounts it sees; of a manager: the whole team's."),
    _need("granted_by", Text, "operator:<login> who granted it."),
    _need("granted_at", TIMESTAMP, "When."),
    comment="Which rep a database login is (登录对应的业务员): without a row here such a login sees no rows.",
)
ARCHIVED_RUN = Table(
    "archived_run",
    STORE,
    Column("run_id", _SORTABLE, primary_key=True, comment="Run whose partitions were removed."),
    _need("business_date", Date, "Business date of the run."),
    _need("counts", _JSON, "Rows per table, as they were archived and counted once more before they were removed."),
    _need(
        "manifest_hash", Text, "SHA-256 of the manifest in the lake: archive/<business date>/<run id>/manifest.json."
    ),
    _need("archived_at", TIMESTAMP, "When they were removed."),
    comment="Runs that now lie in the lake only (归档): their rows are Parquet files, no view shows them.",
)


def _closed_set(column: Column[Any]) -> CheckConstraint:
    values = ", ".join(f"'{value}'" for value in column.info["values"])
    return CheckConstraint(f"{column.name} IN ({values})", name=f"{column.table.name}_{column.name}_values")


for _table in STORE.tables.values():
    for _column in _table.columns:
        if _column.info.get("values"):
            _table.append_constraint(_closed_set(_column))
