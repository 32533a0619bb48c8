"""Rows that a morning's mails are made of, and the night that holds them; ``reading`` fetches them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from huikuan.outreach.news import Change, End, Goal, Handover, Recovery
from huikuan.policy import Policy
from huikuan.policy.playbooks import Terms

AccountKey = tuple[str, str]
"""(company_id, account_id)"""


@dataclass(frozen=True)
class Run:
    """The run whose rows the mails show."""

    run_id: str
    business_date: date
    as_of: date
    snapshot_id: str
    gate: str
    gate_reasons: list[dict[str, str]]
    is_backfill: bool
    status: str
    policy_hash: str


@dataclass(frozen=True, slots=True)
class Task:
    """One row of collections.task."""

    task_id: str
    rep_id: str | None
    company_id: str
    account_id: str
    kind: str
    rank: int
    ask_amount: Decimal | None
    currency: str | None
    due_on: date
    first_listed_on: date
    subject_id: str | None
    script_id: str | None = None
    act_on: date | None = None
    contact_id: str | None = None
    is_planned: bool | None = True
    """None in nights that knew no capacity: everything was for today."""
    is_floor: bool | None = False
    pay_on: date | None = None
    """First day on which money can arrive."""
    special: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """One row of collections.account_status."""

    company_id: str
    account_id: str
    rep_id: str | None
    stage: str
    stage_previous: str | None
    risk_grade: str
    is_over_limit: bool
    oldest_due_on: date | None
    segment: str | None = "standard"
    arrears_nature: str | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """One row of collections.account_balance: one account in one currency."""

    company_id: str
    account_id: str
    currency: str
    overdue_amount: Decimal
    max_days_past_due: int
    collectable_amount: Decimal
    """Overdue or not."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item (未清项) of an account that stands in a list: overdue, or not due yet where a task asks for it."""

    company_id: str
    account_id: str
    document_id: str
    seq: int
    currency: str
    due_on: date
    collectable_amount: Decimal
    disputed_amount: Decimal
    days_past_due: int


@dataclass(frozen=True)
class Reader:
    """A row of the ledger's rep table: whoever may get mail."""

    rep_id: str
    name: str
    email: str
    locale: str
    manager_id: str | None
    role: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer."""

    company_id: str
    account_id: str
    contact_id: str
    role: str
    name: str
    phone: str | None


@dataclass(frozen=True)
class Company:
    """A row of the ledger's company table."""

    company_id: str
    name: str
    functional_currency: str
    calendar: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class TermsAdvice:
    """One row of collections.terms_advice: which terms of payment to offer an account (账期建议)."""

    company_id: str
    account_id: str
    business_functional: Decimal | None
    """In a month; None when a rate is missing."""
    terms: Terms


@dataclass(frozen=True, slots=True)
class Target:
    """One row of collections.target_gap: the month of one account in one currency (回款目标)."""

    company_id: str
    account_id: str
    currency: str
    target: Decimal
    committed: Decimal
    gap: Decimal


@dataclass(frozen=True)
class Flag:
    """One row of collections.account_flag: a sanction (惩戒) that ended tonight, or one that waits for approval."""

    company_id: str
    account_id: str
    flag: str
    state: str
    reason: str
    approver_id: str | None


@dataclass(frozen=True)
class Cap:
    """One row of collections.sanction_cap that is over the policy's cap: its new sanctions are held back."""

    company_id: str
    transition: str
    accounts: int
    accounts_pct: Decimal
    overdue_functional: Decimal | None
    overdue_pct: Decimal | None


@dataclass(frozen=True)
class EarlyWarning:
    """One row of collections.early_warning that is new this morning (预警)."""

    company_id: str
    account_id: str
    warning: str
    rule_id: str


@dataclass(frozen=True)
class Proposal:
    """One row of collections.referral without an answer: a line of a batch (审批批次)."""

    batch_id: str
    content_hash: str
    approver_id: str
    opened_at: datetime
    position: int
    company_id: str
    account_id: str
    flag: str
    reason: str
    proposed_by: str
    proposed_since: date
    stage: str
    risk_grade: str
    overdue_functional: Decimal | None
    currency: str | None
    days_past_due: int | None
    evidence: str | None
    evidence_on: date | None


@dataclass(frozen=True)
class StatementBatch:
    """Statements of one company without an answer (对账函批次)."""

    batch_id: str
    content_hash: str
    approver_id: str
    company_id: str
    cut_off: date
    item_count: int
    opened_at: datetime


_Row = TypeVar("_Row", Balance, Item, Contact, Status, TermsAdvice)
_Any = TypeVar("_Any")
_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Promise:
    """What a customer committed to."""

    promise_id: str
    amount: Decimal
    currency: str
    promised_for: date


@dataclass(frozen=True)
class SentStatement:
    """A statement of account that a customer has, and what its last answer says of the balance, if it differs."""

    number: str
    cut_off: date
    sent_on: date | None
    currency: str | None = None
    shown_amount: Decimal | None = None
    stated_amount: Decimal | None = None
    document_id: str | None = None


@dataclass(frozen=True)
class PromiseState:
    """One row of collections.promise_status: what became of a promise that a task is about."""

    company_id: str
    promise_id: str
    received_amount: Decimal
    level: int


@dataclass(frozen=True)
class Receipt:
    """Money that came in, where a task thanks for it."""

    amount: Decimal
    currency: str
    received_on: date


@dataclass(frozen=True)
class Rule:
    """Result of one data quality rule that some row failed."""

    rule_id: str
    severity: str
    table_name: str
    failed_count: int
    total_count: int
    description: str


@dataclass(frozen=True)
class Quarantined:
    """A ledger row that was left out of the night."""

    table_name: str
    row_number: int
    rule_id: str
    reason: str


@dataclass(frozen=True)
class Night:
    """Everything the mails of one business date are made of. Dictionaries are keyed by ids of the ledger."""

    run: Run
    tasks: list[Task] = field(default_factory=list)
    statuses: dict[AccountKey, Status] = field(default_factory=dict)
    balances: dict[AccountKey, list[Balance]] = field(default_factory=dict)
    items: dict[AccountKey, list[Item]] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=dict)  # task_id → rule_ids
    readers: dict[str, Reader] = field(default_factory=dict)
    names: dict[AccountKey, str] = field(default_factory=dict)
    contacts: dict[AccountKey, list[Contact]] = field(default_factory=dict)
    promises: dict[tuple[str, str], Promise] = field(default_factory=dict)  # (company_id, promise_id)
    promise_states: dict[tuple[str, str], PromiseState] = field(default_factory=dict)  # (company_id, promise_id)
    statements: dict[tuple[str, str], SentStatement] = field(default_factory=dict)  # (company_id, number)
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)  # (company_id, receipt_id)
    orientations: dict[AccountKey, str] = field(default_factory=dict)
    disputed_documents: dict[tuple[str, str], str] = field(default_factory=dict)  # (company_id, dispute_id)
    dispute_reasons: dict[tuple[str, str], str] = field(default_factory=dict)  # (company_id, dispute_id) → code
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)  # (company_id, document_id) → printed number
    companies: dict[str, Company] = field(default_factory=dict)
    charges: set[tuple[str, str | None]] = field(default_factory=set)  # (company_id, rep_id) of every account
    flags: list[Flag] = field(default_factory=list)
    caps: list[Cap] = field(default_factory=list)
    warnings: list[EarlyWarning] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    statement_batches: list[StatementBatch] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)  # of the last week, on its first day
    targets: dict[tuple[str, str, str], Target] = field(default_factory=dict)  # (company_id, account_id, currency)
    terms: dict[AccountKey, TermsAdvice] = field(default_factory=dict)
    policy: Policy | None = None  # of the run: its limits bound what may be offered; None offers nothing
    payments_complete_to: date | None = None
    ties_out: bool | None = None  # None: nothing to compare with
    rules: list[Rule] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    quarantined_rows: int = 0

    # Who has what, worked out once: there are thousands of readers.

    @cached_property
    def tasks_of(self) -> dict[str | None, list[Task]]:
        """rep_id → tasks in order of rank."""
        return grouped((task.rep_id, task) for task in sorted(self.tasks, key=lambda task: (task.rank, task.task_id)))

    @cached_property
    def tasks_by_account(self) -> dict[AccountKey, list[Task]]:
        """Account → everything that is to be done about it, whoever does it."""
        return grouped(((task.company_id, task.account_id), task) for task in self.tasks)

    @cached_property
    def accounts_of(self) -> dict[str | None, list[AccountKey]]:
        """rep_id → accounts in this person's charge; None: in nobody's."""
        return grouped((status.rep_id, key) for key, status in self.statuses.items())

    @cached_property
    def reports_of(self) -> dict[str | None, list[str]]:
        """rep_id → people right below."""
        return grouped((reader.manager_id, rep_id) for rep_id, reader in self.readers.items())

    @cached_property
    def led(self) -> set[str]:
        """Every active manager and everybody below one."""
        waiting = [rep_id for rep_id, reader in self.readers.items() if reader.role == "manager" and reader.is_active]
        found = set(waiting)
        while waiting:
            below = set(self.reports_of.get(waiting.pop(), [])) - found
            found |= below
            waiting.extend(below)
        return found

    @cached_property
    def changes_of(self) -> dict[str | None, list[Change]]:
        """rep_id → what is different about the accounts that this person works on today."""
        return grouped((row.rep_id, row) for row in self.changes)

    @cached_property
    def changes_by_owner(self) -> dict[str | None, list[Change]]:
        """rep_id → what is different about the accounts in this person's charge, whoever works on them today."""
        owners = {key: status.rep_id for key, status in self.statuses.items()}
        pairs = (((row.company_id, row.account_id), row) for row in self.changes)
        return grouped((owners[key], row) for key, row in pairs if key in owners)

    @cached_property
    def owners_by_company(self) -> dict[str, set[str | None]]:
        """company_id → everybody in charge of accounts there; None among them where nobody is in charge of some."""
        return {company_id: set(owners) for company_id, owners in grouped(self.charges).items()}

    @cached_property
    def ends_of(self) -> dict[str | None, list[End]]:
        """rep_id → tasks that left this person's list."""
        return grouped((row.rep_id, row) for row in self.ends)

    @cached_property
    def goals_of(self) -> dict[str | None, list[Goal]]:
        """rep_id → the month of this person's accounts, per currency."""
        return grouped((row.rep_id, row) for row in self.goals)

    @cached_property
    def recoveries_of(self) -> dict[str | None, list[Recovery]]:
        """rep_id → what this person brought in within the last week."""
        return grouped((row.rep_id, row) for row in self.recoveries)

    @cached_property
    def covered_by(self) -> dict[str | None, list[Handover]]:
        """rep_id → accounts of others that this person works on today; None: nobody does."""
        return grouped((row.works_rep_id, row) for row in self.handovers)

    @cached_property
    def covered_for(self) -> dict[str | None, list[Handover]]:
        """rep_id → accounts in this person's charge that somebody else works on today."""
        return grouped((row.rep_id, row) for row in self.handovers)

    @cached_property
    def workers(self) -> dict[AccountKey, str | None]:
        """Who works on an account today, where that is not the person in charge."""
        return {(row.company_id, row.account_id): row.works_rep_id for row in self.handovers}


def grouped(pairs: Iterable[tuple[_Key, _Any]]) -> dict[_Key, list[_Any]]:
    """Second parts by first part, in their order."""
    groups: dict[_Key, list[_Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def by_account(rows: list[_Row]) -> dict[AccountKey, list[_Row]]:
    """Group rows by (company_id, account_id), keeping their order."""
    return grouped(((row.company_id, row.account_id), row) for row in rows)
