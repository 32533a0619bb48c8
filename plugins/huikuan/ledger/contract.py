"""The ledger contract: every table and column that a source may yield, with types, keys, sets and meaning.

``nullable=False`` marks the columns a source must have. ``info["optional"]`` marks tables without which a night runs
with fewer features (and says so). ``info["dated_by"]`` names the column that decides whether a row counts: rows dated
after as-of stay in the snapshot and out of the night.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from huikuan.columns import MONEY, RATE, TIMESTAMP

LEDGER = MetaData()
OWN = MetaData()


def _key(name: str, comment: str, kind: TypeEngine[Any] | type[TypeEngine[Any]] = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False, comment=comment)


def _need(
    name: str,
    kind: TypeEngine[Any] | type[TypeEngine[Any]],
    comment: str,
    values: tuple[str, ...] | None = None,
) -> Column[Any]:
    return Column(name, kind, nullable=False, comment=comment, info={"values": values} if values else {})


def _may(
    name: str,
    kind: TypeEngine[Any] | type[TypeEngine[Any]],
    comment: str,
    values: tuple[str, ...] | None = None,
) -> Column[Any]:
    return Column(name, kind, nullable=True, comment=comment, info={"values": values} if values else {})


def _table(
    name: str,
    *parts: Any,
    comment: str,
    optional: bool = False,
    dated_by: str | None = None,
    metadata: MetaData = LEDGER,
) -> Table:
    return Table(name, metadata, *parts, comment=comment, info={"optional": optional, "dated_by": dated_by})


def _company() -> Column[Any]:
    return _key("company_id", "Company (公司) that owns the receivable.")


def _currency() -> Column[Any]:
    return _need("currency", Text, "ISO 4217 code of the amounts in this row.")


def _to(target: str, *columns: str) -> ForeignKeyConstraint:
    """A reference; the referring columns have the target's key names unless given as ``mine=theirs``."""
    pairs = [column.split("=") if "=" in column else [column, column] for column in columns]
    return ForeignKeyConstraint([mine for mine, _ in pairs], [f"{target}.{theirs}" for _, theirs in pairs])


_table(
    "company",
    _company(),
    _need("name", Text, "Legal name."),
    _need("functional_currency", Text, "ISO 4217 code of the books; totals over currencies are stated in it."),
    _need("timezone", Text, "IANA time zone of the business date, such as Asia/Shanghai."),
    _need("calendar", Text, "Holiday calendar: CN, US, GB, …"),
    comment="A selling company (公司).",
)
_table(
    "rep",
    _key("rep_id", "Sales rep (业务员) or other reader of mails."),
    _need("name", Text, "Name as it stands in a greeting."),
    _need("email", Text, "Address for task lists; mails go to addresses of this table only."),
    _may("locale", Text, "Language of mails: zh_CN or en."),
    _may("manager_id", Text, "rep_id of the manager who gets escalations."),
    _may("role", Text, "What the person does; empty means rep.", ("rep", "manager", "finance", "legal")),
    _may("daily_capacity", Integer, "Tasks a day the person can do."),
    _may("is_active", Boolean, "false: has left, gets nothing. Empty means true."),
    _to("rep", "manager_id=rep_id"),
    comment="People who collect, manage, account or litigate.",
)
_table(
    "account",
    _company(),
    _key("account_id", "Customer account (客户)."),
    _need("name", Text, "Customer's name."),
    _may(
        "segment",
        Text,
        "Segment; empty means standard.",
        ("standard", "key", "strategic", "government"),
    ),
    _may(
        "orientation",
        Text,
        "Approach (导向); empty means collection_led.",
        ("passive", "sales_led", "collection_led", "strategic"),
    ),
    _may("rep_id", Text, "Rep in charge; empty: goes to managers as a hole."),
    _may("locale", Text, "Language of letters: zh_CN or en."),
    _may("parent_account_id", Text, "Account of the group's parent."),
    _may("credit_limit", MONEY, "In functional currency. Empty = no limit, 0 = blocked: never the same thing."),
    _may("credit_rating", Text, "Rating by an agency or by finance."),
    _may("country", Text, "ISO 3166 code."),
    _may("tax_id", Text, "Tax number (统一社会信用代码)."),
    _may("verified_on", Date, "Identity last verified."),
    _may("status", Text, "Empty means active.", ("active", "insolvent", "closed")),
    _may("do_not_contact_until", Date, "No reminder before this day."),
    _may("book_closing_day", Integer, "Day of month on which the customer closes its books (关账日)."),
    _may("bank_transfer_days", Integer, "Bank working days a transfer takes; 0: it arrives the same day."),
    _may("fixed_payment_day", Integer, "Day of month on which the customer pays (固定付款日)."),
    _may("needs_budget", Boolean, "Pays only from an approved budget."),
    _may("invoice_requirements", Text, "What an invoice must carry to be accepted."),
    _to("company", "company_id"),
    _to("rep", "rep_id"),
    comment="A customer of one company.",
)
_table(
    "document",
    _company(),
    _key("document_id", "Document (单据)."),
    _need("account_id", Text, "Customer account."),
    _need(
        "kind",
        Text,
        "Credit notes lower, all others raise what is owed.",
        ("invoice", "debit_note", "credit_note", "opening_balance"),
    ),
    _need("issued_on", Date, "Counts from this day."),
    _currency(),
    _need("amount", MONEY, "Gross amount, always positive."),
    _may("due_on", Date, "Due date; required without instalments unless a credit note."),
    _may("number", Text, "Number the customer knows."),
    _may("contract_id", Text, "Contract behind it."),
    _may("references_document_id", Text, "For a credit note: the document it credits."),
    _to("account", "company_id", "account_id"),
    _to("contract", "company_id", "contract_id"),
    _to("document", "company_id", "references_document_id=document_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    comment="Invoice, debit note, credit note or opening balance (单据).",
    dated_by="issued_on",
)
_table(
    "instalment",
    _company(),
    _key("document_id", "Document."),
    _key("seq", "Number of the instalment within the document.", Integer),
    _need("due_on", Date, "Due date of this part."),
    _need("amount", MONEY, "Positive; the parts add up to the document."),
    _may("is_retention", Boolean, "Retention money (质保金)."),
    _to("document", "company_id", "document_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    comment="Due dates of a document that has more than one (分期).",
    optional=True,
)
_table(
    "receipt",
    _company(),
    _key("receipt_id", "Receipt (收款)."),
    _need("account_id", Text, "Customer account that paid."),
    _need("received_on", Date, "Value date; counts from this day."),
    _currency(),
    _need("amount", MONEY, "Positive."),
    _may("method", Text, "Way of payment.", ("cash", "bank_transfer", "third_party", "bill", "other")),
    _to("account", "company_id", "account_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    comment="Money received (收款).",
    dated_by="received_on",
)
_table(
    "allocation",
    _company(),
    _key("allocation_id", "Allocation (核销)."),
    _need("source_kind", Text, "What is applied.", ("receipt", "credit_note", "write_off")),
    _need("source_id", Text, "receipt_id, document_id of the credit note, or the write-off's own id."),
    _need("document_id", Text, "Document it is applied to."),
    _need("amount", MONEY, "Positive, in the document's currency."),
    _need("allocated_on", Date, "Counts from this day, and not before its source and its document."),
    _may("seq", Integer, "Instalment; empty fills the oldest due date first."),
    _to("document", "company_id", "document_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    comment="A receipt, credit note or write-off applied to a document (核销). Without this table receipts are applied "
    "to the most overdue instalment first.",
    optional=True,
    dated_by="allocated_on",
)
_table(
    "dispute",
    _company(),
    _key("dispute_id", "Dispute (争议)."),
    _need("document_id", Text, "Document in dispute."),
    _need("opened_on", Date, "Counts from this day."),
    _may("amount", MONEY, "Disputed part; empty = all of it."),
    _may("reason_code", Text, "Why the customer disputes."),
    _may("owner_rep_id", Text, "Who resolves it."),
    _may("resolve_by", Date, "Deadline."),
    _may("resolved_on", Date, "No longer in dispute from this day."),
    _to("document", "company_id", "document_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    comment="A document, or a part of it, that the customer disputes (争议).",
    optional=True,
    dated_by="opened_on",
)
_table(
    "promise",
    _company(),
    _key("promise_id", "Promise to pay (回款承诺)."),
    _need("account_id", Text, "Who promised."),
    _currency(),
    _need("amount", MONEY, "Promised amount, positive."),
    _need("made_on", Date, "Counts from this day."),
    _need("promised_for", Date, "Day the money is promised for."),
    _may("document_id", Text, "Document it is about; empty: the account."),
    _may("withdrawn_on", Date, "No longer in force from this day."),
    _to("account", "company_id", "account_id"),
    _to("document", "company_id", "document_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    comment="An amount and a date that a customer committed to (回款承诺).",
    optional=True,
    dated_by="made_on",
)
_table(
    "contact",
    _company(),
    _key("contact_id", "Contact person (联系人)."),
    _need("account_id", Text, "Account."),
    _need(
        "role",
        Text,
        "Decision maker (决策人), acceptor (验收人), payer (付款人) or other.",
        ("decision_maker", "acceptor", "payer", "other"),
    ),
    _need("name", Text, "Name."),
    _may("email", Text, "Address."),
    _may("phone", Text, "Number to dial."),
    _may("habits", Text, "Best hours, preferences."),
    _to("account", "company_id", "account_id"),
    comment="People at the customer (联系人).",
    optional=True,
)
_table(
    "contract",
    _company(),
    _key("contract_id", "Contract (合同)."),
    _need("account_id", Text, "Account."),
    _may("project", Text, "Project."),
    _may("specification", Text, "Goods and specification."),
    _may("quantity", MONEY, "Quantity."),
    _may("amount", MONEY, "Contract amount."),
    _may("signed_on", Date, "Signed."),
    _may("acceptance_criteria", Text, "Acceptance criteria (验收标准)."),
    _may("acceptance_method", Text, "Acceptance method (验收方式)."),
    _may("accepted_on", Date, "Accepted."),
    _may("payment_method", Text, "Agreed way of payment."),
    _may("demand_trigger", Text, "What makes the money payable: time, amount or progress."),
    _to("account", "company_id", "account_id"),
    comment="The agreement behind documents (合同).",
    optional=True,
)
_table(
    "evidence",
    _company(),
    _key("evidence_id", "Paper (凭证)."),
    _need("account_id", Text, "Account."),
    _need(
        "kind",
        Text,
        "Kind of paper.",
        (
            "contract",
            "delivery_note",
            "acceptance_certificate",
            "tax_invoice",
            "stamped_statement",
            "correspondence",
            "guarantee",
        ),
    ),
    _need("obtained_on", Date, "In our hands from this day."),
    _may("document_id", Text, "Document it proves."),
    _may("uri", Text, "Where it is kept."),
    _to("account", "company_id", "account_id"),
    _to("document", "company_id", "document_id"),
    comment="Papers that prove a claim (凭证).",
    optional=True,
    dated_by="obtained_on",
)
_table(
    "contact_log",
    _company(),
    _key("log_id", "Entry."),
    _need("account_id", Text, "Account."),
    _need("contacted_at", TIMESTAMP, "When."),
    _need("channel", Text, "phone, visit, mail, letter, message, …"),
    _need("outcome", Text, "What came of it."),
    _may("rep_id", Text, "Who."),
    _may("reason_code", Text, "Why the customer does not pay (原因)."),
    _may("note", Text, "Free text."),
    _may("next_step_on", Date, "Agreed follow-up."),
    _to("account", "company_id", "account_id"),
    _to("rep", "rep_id"),
    comment="Contacts with the customer (联系记录).",
    optional=True,
    dated_by="contacted_at",
)
_table(
    "target",
    _company(),
    _key("month", "First day of the month.", Date),
    _key("account_id", "Account."),
    _key("currency", "ISO 4217 code."),
    _need("amount", MONEY, "To be received in the month."),
    _may("is_agreed", Boolean, "Agreed with the customer; otherwise one-sided."),
    _to("account", "company_id", "account_id"),
    comment="Monthly collection target per account (回款目标).",
    optional=True,
)
_table(
    "measure",
    _company(),
    _key("measure_id", "Measure (措施)."),
    _need("month", Date, "First day of the month it works in."),
    _need("account_id", Text, "Account."),
    _need("kind", Text, "What is done."),
    _need("expected_uplift", MONEY, "Money it should bring."),
    _currency(),
    _may("owner_rep_id", Text, "Who does it."),
    _may("done_on", Date, "Done."),
    _to("account", "company_id", "account_id"),
    comment="Measures to close the gap between target and commitments (措施).",
    optional=True,
)
_table(
    "coverage",
    _key("rep_id", "Absent rep."),
    _need("covered_by", Text, "Rep who takes over."),
    _key("from_on", "First day.", Date),
    _need("to_on", Date, "Last day."),
    _to("rep", "rep_id"),
    _to("rep", "covered_by=rep_id"),
    comment="Who stands in for whom (代班).",
    optional=True,
)
_table(
    "fx_rate",
    _key("on_date", "Day of the rate; the last one on or before as-of is used.", Date),
    _key("from_currency", "ISO 4217 code."),
    _key("to_currency", "ISO 4217 code."),
    _need("rate", RATE, "1 unit of from_currency in units of to_currency."),
    CheckConstraint("rate > 0", name="rate_positive"),
    comment="Exchange rates (汇率).",
    optional=True,
    dated_by="on_date",
)
_table(
    "control_total",
    _company(),
    _key("as_of", "Close of this day.", Date),
    _key("currency", "ISO 4217 code."),
    _need("balance", MONEY, "Balance of the AR control account in the general ledger; debit positive."),
    _to("company", "company_id"),
    comment="What the general ledger says (应收账款总账余额).",
    optional=True,
    dated_by="as_of",
)
_table(
    "load_log",
    _key("table_name", "Table of this contract."),
    _need("complete_through", Date, "All facts dated on or before this day are in."),
    _may("loaded_at", TIMESTAMP, "When it was loaded."),
    comment="How far each feed is complete.",
    optional=True,
)

_FLAGS = ("stop_supply", "stop_service", "terminate_authorization", "reputation_notice", "legal_referral")
_table(
    "referral_decision",
    _key("batch_id", "Batch (审批批次)."),
    _company(),
    _key("account_id", "Customer account (客户)."),
    Column("flag", Text, primary_key=True, nullable=False, comment="Sanction (惩戒).", info={"values": _FLAGS}),
    _need("choice", Text, "What was decided.", ("approved", "rejected", "left_out")),
    _need("proposed_by", Text, "Who proposed it."),
    _need("decided_by", Text, "Who decided."),
    _need("decided_on", Date, "Business date of the batch: counts from this day."),
    _need("decided_at", TIMESTAMP, "When."),
    _may("is_current", Boolean, "The run of the batch was still the published one of its date; empty: it was."),
    _may("shown_overdue", MONEY, "Overdue amount that was shown, in functional currency."),
    comment="What approvers decided on proposed sanctions (审批结果).",
    optional=True,
    dated_by="decided_on",
    metadata=OWN,
)
_table(
    "sanction_override",
    _key("override_id", "Override (人工干预)."),
    _need("company_id", Text, "Company (公司)."),
    _need("account_id", Text, "Customer account (客户)."),
    _may("flag", Text, "Sanction it is about; empty: all.", _FLAGS),
    _need("effect", Text, "What it does.", ("exempt", "impose", "accept_promise")),
    _may("promise_id", Text, "Promise that was accepted."),
    _need("author", Text, "Who decided."),
    _need("reason", Text, "Why."),
    _need("from_on", Date, "Counts from this day."),
    _need("expires_on", Date, "Last business date on which it counts."),
    _may("ended_on", Date, "Ended by a person on this day."),
    _may("ended_by", Text, "Who ended it."),
    comment="What people decided against the rules (人工干预).",
    optional=True,
    dated_by="from_on",
    metadata=OWN,
)
_table(
    "notice",
    _key("message_id", "Mail of the outbox."),
    _company(),
    _key("account_id", "Customer account (客户)."),
    _need("kind", Text, "Kind of mail."),
    _need("sent_on", Date, "Day on which the customer's server accepted it, by the company's clock."),
    comment="Mails about an account that were really sent (已送达的催款函).",
    optional=True,
    dated_by="sent_on",
    metadata=OWN,
)
_table(
    "statement",
    _company(),
    _key("account_id", "Customer account (客户)."),
    _key("number", "Number that the customer reads and quotes."),
    _need("cut_off", Date, "Close of books that it shows."),
    _need("approved_at", TIMESTAMP, "When it was approved; the same figures approved again: the last time."),
    _need("approved_on", Date, "Day of it, by the company's clock."),
    _may(
        "sent_on",
        Date,
        "Day on which it first arrived, after it last came back: the customer's server accepted the mail, by the same "
        "clock, or a person delivered the paper; empty: neither.",
    ),
    comment="Statements of account that were approved (已批准的对账函).",
    optional=True,
    dated_by="cut_off",
    metadata=OWN,
)
_table(
    "statement_reply",
    _company(),
    _key("account_id", "Customer account (客户)."),
    _key("number", "Number of the statement."),
    _need("outcome", Text, "What the customer said; silence is no reply.", ("confirmed", "differs", "undeliverable")),
    _need("received_on", Date, "Day of the reply."),
    _may("currency", Text, "ISO 4217 code of the amounts."),
    _may("stated_amount", MONEY, "Balance in the customer's books, when it differs."),
    _may("shown_amount", MONEY, "Balance that the statement showed in this currency."),
    _may("document_id", Text, "Document that the difference is about."),
    _may("uri", Text, "Where the stamped paper is kept."),
    comment="The last answer of customers to each statement (对账回函), of those that had come by as-of; "
    "undeliverable only until it was delivered again.",
    optional=True,
    dated_by="received_on",
    metadata=OWN,
)

TABLES: dict[str, Table] = dict(LEDGER.tables)
"""What a source yields."""

OWN_TABLES: dict[str, Table] = dict(OWN.tables)
"""What a night reads from our own warehouse: facts that people and the outbox made. They lie in the same snapshot."""

INPUTS: dict[str, Table] = {**TABLES, **OWN_TABLES}
"""Everything that a snapshot may hold, and that models see in schema ``ledger``."""


def is_optional(table: Table) -> bool:
    """Whether a night can run without this table."""
    return bool(table.info["optional"])


def dated_by(table: Table) -> str | None:
    """The column whose date decides whether a row counts at as-of, or None for master data."""
    name: str | None = table.info["dated_by"]
    return name


def required_columns(table: Table) -> list[str]:
    """Columns that a source must yield, and that may not be null."""
    return [column.name for column in table.columns if not column.nullable]
