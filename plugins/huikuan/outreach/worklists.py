"""Who is told what this morning: rows in, one frozen worklist per reader out. Nothing here reads or writes anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from huikuan.errors import InvariantError
from huikuan.outreach.rows import (
    AccountKey,
    Cap,
    Contact,
    Flag,
    Item,
    Night,
    Proposal,
    Quarantined,
    Reader,
    Rule,
    Run,
    Task,
)
from huikuan.warehouse.tables import FLAGS

_News = TypeVar("_News", "Release", "Warned")
ApprovalKind = Literal["approval", "approval_reminder"]
_ASK_FIRST = {
    "resolve_dispute": ("acceptor", "decision_maker", "payer", "other"),
    "escalate": ("decision_maker", "payer", "acceptor", "other"),
    "file_claim": ("other", "decision_maker", "payer", "acceptor"),  # an administrator has none of the usual roles
}
_ASK_FOR_MONEY = ("payer", "decision_maker", "acceptor", "other")


@dataclass(frozen=True)
class Truth:
    """What the figures of a mail stand on."""

    business_date: date
    as_of: date
    payments_complete_to: date | None
    ties_out: bool | None
    run_id: str


@dataclass(frozen=True)
class Money:
    """An amount in one currency."""

    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Line:
    """One row of a list: who, how much, how late, why, what to do."""

    company_id: str
    account_id: str
    name: str
    kind: str
    """call, chase_promise, resolve_dispute, escalate, file_claim, or appoint (nobody is in charge)."""
    ask: Money | None
    overdue: tuple[Money, ...]
    """Per currency, largest days late first; never summed."""
    days_late: int
    """In the currency asked for."""
    oldest_due_on: date | None
    due_on: date
    """Day by which it should be done."""
    waiting_since: date | None
    """Business date on which the task first stood in a list."""
    stage: str
    stage_previous: str | None
    risk_grade: str | None
    is_over_limit: bool
    promise: Money | None
    promised_for: date | None
    disputed_number: str | None
    rep_name: str | None
    contact: Contact | None
    items: tuple[Item, ...]
    numbers: tuple[str, ...]
    """Printed number of each item, in the order of ``items``."""
    unpaid: tuple[str, ...]
    """Printed numbers of the invoices behind the row's amount, each once, oldest due date first."""
    rule_ids: tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """An account on which sanctions ended tonight (解除)."""

    company_id: str
    account_id: str
    name: str
    ended: tuple[tuple[str, str], ...]
    """(sanction, what released it), in the order of the ladder."""


@dataclass(frozen=True)
class Warned:
    """An account with an early warning (预警) that is new this morning."""

    company_id: str
    account_id: str
    name: str
    warning: str
    rule_id: str
    risk_grade: str | None


@dataclass(frozen=True)
class Held:
    """New sanctions of one company that the cap holds back (惩戒上限). Names no account."""

    company: str
    transition: str
    """proposed: nothing was put up for approval; active: nothing that was approved has begun."""
    accounts: int
    accounts_pct: Decimal
    overdue: Money | None
    overdue_pct: Decimal | None


@dataclass(frozen=True)
class Digest:
    """A rep's task list of one morning, in order of rank, and what is new about the accounts in the rep's charge."""

    reader: Reader
    truth: Truth
    lines: tuple[Line, ...]
    releases: tuple[Release, ...] = ()
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Escalation:
    """What a manager has to decide: escalated accounts, and overdue accounts that nobody is in charge of.

    And what became of sanctions: those held back in the manager's companies, the number of those that wait for the
    manager's approval, the number that nobody is high enough to approve, and accounts on which some ended.
    """

    reader: Reader
    truth: Truth
    lines: tuple[Line, ...]
    ownerless: tuple[Line, ...]
    held: tuple[Held, ...] = ()
    to_approve: int = 0
    without_approver: int = 0
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True)
class Proposed:
    """One line of a batch with the customer's name."""

    name: str
    proposer_name: str | None
    """Who asked for it; None when the policy did."""
    overdue: Money | None
    row: Proposal


@dataclass(frozen=True)
class Approval:
    """A batch of proposed sanctions that one person may approve; the mail says so, and decides nothing."""

    kind: ApprovalKind
    reader: Reader
    truth: Truth
    batch_id: str
    content_hash: str
    opened_at: datetime
    answer_by: datetime
    time_zone: str
    proposals: tuple[Proposed, ...]
    page: str | None
    """Where Airflow lists what waits for an answer, from settings; None when it is not known."""


@dataclass(frozen=True)
class DataOwnerReport:
    """What is wrong with the ledger, and what the night did about it."""

    reader: Reader
    truth: Truth
    gate: str
    reasons: tuple[str, ...]
    """Sentences of the gate in the reader's language."""
    rules: tuple[Rule, ...]
    quarantined: tuple[Quarantined, ...]
    quarantined_rows: int
    parked_mails: int
    """Mails held back because there were more than the policy allows."""


Worklist = Digest | Escalation | Approval | DataOwnerReport


def digests(night: Night) -> list[Digest]:
    """A digest for each active rep, and for anybody else who has tasks; also when there is nothing to do."""
    mine: dict[str, list[Task]] = {}
    for task in night.tasks:
        if task.rep_id is not None and task.kind != "escalate":
            mine.setdefault(task.rep_id, []).append(task)
    releases, warnings = _by_owner(night, _releases(night)), _by_owner(night, _warnings(night))
    busy = mine.keys() | releases.keys() | warnings.keys()
    return [
        Digest(
            reader,
            truth(night),
            tuple(_line(night, task) for task in _ranked(mine.get(reader.rep_id, []))),
            tuple(releases.get(reader.rep_id, [])),
            tuple(warnings.get(reader.rep_id, [])),
        )
        for reader in _active(night)
        if reader.role == "rep" or reader.rep_id in busy
    ]


def escalations(night: Night) -> list[Escalation]:
    """An escalation mail for each active manager, also when there is nothing to decide."""
    mine: dict[str, list[Task]] = {}
    for task in night.tasks:
        if task.rep_id is not None and task.kind == "escalate":
            mine.setdefault(task.rep_id, []).append(task)
    readers = [reader for reader in _active(night) if reader.role == "manager" or reader.rep_id in mine]
    return [
        _escalation(night, reader, tuple(_line(night, task) for task in _ranked(mine.get(reader.rep_id, []))))
        for reader in readers
    ]


def _escalation(night: Night, reader: Reader, lines: tuple[Line, ...]) -> Escalation:
    waiting = [flag for flag in night.flags if flag.state == "proposed"]
    to_approve = sum(flag.approver_id == reader.rep_id for flag in waiting)
    if reader.role != "manager":
        return Escalation(reader, truth(night), lines, (), to_approve=to_approve)
    ours, people = _companies_of(night, reader), _led_by(night, reader.rep_id)
    return Escalation(
        reader,
        truth(night),
        lines,
        ownerless=tuple(_ownerless(night, ours)),
        held=tuple(_held(night, cap) for cap in night.caps if cap.company_id in ours),
        to_approve=to_approve,
        without_approver=sum(flag.approver_id is None and flag.company_id in ours for flag in waiting),
        releases=tuple(_releases_for(night, people, ours)),
    )


def approvals(
    night: Night, kind: ApprovalKind, answer_within: timedelta, time_zone: str, page: str | None
) -> list[Approval]:
    """A mail for each active approver with an unanswered batch of this run; a run has one batch per approver."""
    found: dict[str, list[Proposal]] = {}
    for row in night.proposals:
        found.setdefault(row.approver_id, []).append(row)
    return [
        Approval(
            kind,
            reader,
            truth(night),
            rows[0].batch_id,
            rows[0].content_hash,
            rows[0].opened_at,
            rows[0].opened_at + answer_within,
            time_zone,
            tuple(_proposed(night, row) for row in rows),
            page,
        )
        for reader in _active(night)
        if (rows := found.get(reader.rep_id))
    ]


def data_owner_reports(night: Night, locale_of: dict[str, str], parked_mails: int = 0) -> list[DataOwnerReport]:
    """A report for each active finance reader when the gate is not open, rows are missing, or mails were held back.

    ``locale_of``: rep_id → ``en`` or ``zh``, the language in which the gate's sentences are wanted.
    """
    run = night.run
    healthy = run.gate == "open" and not night.quarantined_rows and night.payments_complete_to is not None
    if healthy and not parked_mails:
        return []
    return [
        DataOwnerReport(
            reader,
            truth(night),
            run.gate,
            tuple(reason[locale_of[reader.rep_id]] for reason in run.gate_reasons),
            tuple(night.rules),
            tuple(night.quarantined),
            night.quarantined_rows,
            parked_mails,
        )
        for reader in _active(night)
        if reader.role == "finance"
    ]


def truth(night: Night) -> Truth:
    """The one line about the data that stands in every mail."""
    run: Run = night.run
    return Truth(run.business_date, run.as_of, night.payments_complete_to, night.ties_out, run.run_id)


def listed(worklist: Digest | Escalation) -> tuple[Line, ...]:
    """The rows that ask for something to be done."""
    return worklist.lines + (worklist.ownerless if isinstance(worklist, Escalation) else ())


def shown_accounts(worklist: Worklist) -> list[AccountKey]:
    """Every account that the mail or its workbook shows."""
    if isinstance(worklist, DataOwnerReport):
        return []
    if isinstance(worklist, Approval):
        return sorted({(each.row.company_id, each.row.account_id) for each in worklist.proposals})
    warnings = worklist.warnings if isinstance(worklist, Digest) else ()
    rows: list[Line | Release | Warned] = [*listed(worklist), *worklist.releases, *warnings]
    return sorted({(row.company_id, row.account_id) for row in rows})


def check_scope(worklist: Worklist, night: Night) -> None:
    """Raise InvariantError when a mail shows an account that its reader has nothing to do with.

    The scope is worked out from the published rows, not from the mail: accounts with a task of the reader, accounts
    in the reader's charge, and for a manager those of the people below, and those without anybody in charge in the
    same companies; for an approver the accounts whose proposed sanction needs this very person.
    """
    reader = worklist.reader
    if isinstance(worklist, Approval):
        asked = [flag for flag in night.flags if flag.approver_id == reader.rep_id]
        scope = {(flag.company_id, flag.account_id) for flag in asked if flag.state == "proposed"}
    else:
        scope = _scope(night, reader)
    outside = set(shown_accounts(worklist)) - scope
    if outside:
        raise InvariantError(
            f"The mail for {reader.rep_id} would show {len(outside)} accounts outside the reader's scope.",
            "No mail of this night was written. Report it with the run id: it is a fault of the program.",
        )


def _scope(night: Night, reader: Reader) -> set[AccountKey]:
    people = _led_by(night, reader.rep_id)
    scope = {(task.company_id, task.account_id) for task in night.tasks if task.rep_id == reader.rep_id}
    scope |= {key for key, status in night.statuses.items() if status.rep_id in people}
    if reader.role == "manager":
        ours = _companies_of(night, reader)
        scope |= {key for key, status in night.statuses.items() if status.rep_id is None and key[0] in ours}
    return scope


def _by_owner(night: Night, rows: Iterable[_News]) -> dict[str | None, list[_News]]:
    """rep_id of who is in charge of the account → rows, in their order; None when nobody is."""
    groups: dict[str | None, list[_News]] = {}
    for row in rows:
        status = night.statuses.get((row.company_id, row.account_id))
        groups.setdefault(status.rep_id if status else None, []).append(row)
    return groups


def _led_by(night: Night, manager_id: str) -> set[str]:
    """The manager and everybody below, however deep."""
    found = {manager_id}
    waiting = [manager_id]
    while waiting:
        above = waiting.pop()
        below = {rep_id for rep_id, reader in night.readers.items() if reader.manager_id == above} - found
        found |= below
        waiting.extend(below)
    return found


def _active(night: Night) -> list[Reader]:
    return [night.readers[rep_id] for rep_id in sorted(night.readers) if night.readers[rep_id].is_active]


def _ranked(tasks: Iterable[Task]) -> list[Task]:
    return sorted(tasks, key=lambda task: (task.rank, task.task_id))


def _ownerless(night: Night, ours: set[str]) -> list[Line]:
    """Overdue accounts without a rep in these companies, the latest first."""
    keys = [
        key
        for key, status in night.statuses.items()
        if status.rep_id is None and key[0] in ours and night.balances.get(key)
    ]
    lines = [_facts(night, key, kind="appoint") for key in keys]
    return sorted(lines, key=lambda line: (-line.days_late, line.company_id, line.account_id))


def _companies_of(night: Night, manager: Reader) -> set[str]:
    """Companies with accounts in the charge of the manager or of people below, and those that no manager has."""
    led = {reader.rep_id: _led_by(night, reader.rep_id) for reader in _active(night) if reader.role == "manager"}
    companies = {
        rep_id: {company_id for company_id, owner in night.charges if owner in people} for rep_id, people in led.items()
    }
    everybodys = {company_id for company_id, _ in night.charges} - set().union(*companies.values())
    return companies.get(manager.rep_id, set()) | everybodys


def _releases(night: Night) -> list[Release]:
    """One row per account on which sanctions ended tonight."""
    ended: dict[AccountKey, list[Flag]] = {}
    for flag in night.flags:
        if flag.state == "released":
            ended.setdefault((flag.company_id, flag.account_id), []).append(flag)
    order = {flag: place for place, flag in enumerate(FLAGS)}
    return [
        Release(
            *key,
            night.names.get(key, key[1]),
            tuple((row.flag, row.reason) for row in sorted(rows, key=lambda row: order.get(row.flag, len(order)))),
        )
        for key, rows in sorted(ended.items())
    ]


def _releases_for(night: Night, people: set[str], ours: set[str]) -> list[Release]:
    """Those on accounts in the charge of these people, and in these companies those that nobody is in charge of."""
    owned = _by_owner(night, _releases(night))
    found = [row for rep_id in people for row in owned.get(rep_id, [])]
    found += [row for row in owned.get(None, []) if row.company_id in ours]
    return sorted(found, key=lambda row: (row.company_id, row.account_id))


def _warnings(night: Night) -> list[Warned]:
    rows = []
    for row in night.warnings:
        key = (row.company_id, row.account_id)
        status = night.statuses.get(key)
        grade = status.risk_grade if status else None
        rows.append(Warned(*key, night.names.get(key, key[1]), row.warning, row.rule_id, grade))
    return rows


def _held(night: Night, cap: Cap) -> Held:
    company = night.companies.get(cap.company_id)
    amount = cap.overdue_functional
    return Held(
        company=company.name if company else cap.company_id,
        transition=cap.transition,
        accounts=cap.accounts,
        accounts_pct=cap.accounts_pct,
        overdue=Money(company.functional_currency, amount) if company and amount is not None else None,
        overdue_pct=cap.overdue_pct,
    )


def _proposed(night: Night, row: Proposal) -> Proposed:
    amount = row.overdue_functional
    proposer = night.readers.get(row.proposed_by)
    by_policy = row.proposed_by.startswith("policy:")
    return Proposed(
        name=night.names.get((row.company_id, row.account_id), row.account_id),
        proposer_name=None if by_policy else proposer.name if proposer else row.proposed_by,
        overdue=Money(row.currency, amount) if row.currency and amount is not None else None,
        row=row,
    )


def _line(night: Night, task: Task) -> Line:
    key = (task.company_id, task.account_id)
    ask = Money(task.currency, task.ask_amount) if task.ask_amount is not None and task.currency else None
    return _facts(night, key, kind=task.kind, task=task, ask=ask)


def _facts(night: Night, key: AccountKey, *, kind: str, task: Task | None = None, ask: Money | None = None) -> Line:
    status = night.statuses.get(key)
    balances = sorted(night.balances.get(key, []), key=lambda row: (-row.max_days_past_due, row.currency))
    items = tuple(night.items.get(key, []))
    asked = [row for row in balances if ask and row.currency == ask.currency]
    currency = ask.currency if ask else balances[0].currency if balances else None
    unpaid = [item for item in items if item.currency == currency and item.collectable_amount > 0]

    def number(item: Item) -> str:
        return night.numbers.get((item.company_id, item.document_id), item.document_id)

    subject = (key[0], task.subject_id) if task and task.subject_id else None
    promise = night.promises.get(subject) if subject and kind == "chase_promise" else None
    document_id = night.disputed_documents.get(subject, subject[1]) if subject and kind == "resolve_dispute" else None
    owner = night.readers.get(status.rep_id) if status and status.rep_id else None
    return Line(
        company_id=key[0],
        account_id=key[1],
        name=night.names.get(key, key[1]),
        kind=kind,
        ask=ask,
        overdue=tuple(Money(row.currency, row.overdue_amount) for row in balances),
        days_late=max((row.max_days_past_due for row in asked or balances), default=0),
        oldest_due_on=min((item.due_on for item in unpaid), default=None),
        due_on=task.due_on if task else night.run.business_date,
        waiting_since=task.first_listed_on if task else None,
        stage=status.stage if status else "M0",
        stage_previous=status.stage_previous if status else None,
        risk_grade=status.risk_grade if status else None,
        is_over_limit=bool(status and status.is_over_limit),
        promise=Money(promise.currency, promise.amount) if promise else None,
        promised_for=promise.promised_for if promise else None,
        disputed_number=night.numbers.get((key[0], document_id), document_id) if document_id else None,
        rep_name=owner.name if owner else None,
        contact=_contact(night.contacts.get(key, []), kind),
        items=items,
        numbers=tuple(number(item) for item in items),
        unpaid=tuple(dict.fromkeys(number(item) for item in unpaid)),
        rule_ids=tuple(night.reasons.get(task.task_id, ())) if task else (),
    )


def _contact(people: list[Contact], kind: str) -> Contact | None:
    """The person to talk to: somebody with a phone first, then by role."""
    order = _ASK_FIRST.get(kind, _ASK_FOR_MONEY)
    return min(people, key=lambda who: (not who.phone, order.index(who.role), who.contact_id), default=None)
