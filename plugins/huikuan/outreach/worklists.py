"""Who is told what this morning: rows in, one frozen worklist per reader out. Nothing here reads or writes anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from huikuan.errors import InvariantError
from huikuan.outreach.lines import Line, Money, appoint_line, task_line
from huikuan.outreach.news import Change, Goal, Recovery
from huikuan.outreach.people import active, companies_of, led_by, scope, worker
from huikuan.outreach.rows import (
    AccountKey,
    Cap,
    Flag,
    Night,
    Proposal,
    Quarantined,
    Reader,
    Rule,
    Run,
    StatementBatch,
    Task,
)
from huikuan.outreach.teams import Cover, Member, best_recovery, covers, covers_for, goals, team
from huikuan.warehouse.tables import FLAGS

_News = TypeVar("_News", "Release", "Warned")
ApprovalKind = Literal["approval", "approval_reminder"]
CHANGES = ("broken", "paid", "kept", "promised", "sanctioned", "late")
"""Kinds of change in the order in which they are told."""


@dataclass(frozen=True)
class Truth:
    """What the figures of a mail stand on."""

    business_date: date
    as_of: date
    payments_complete_to: date | None
    ties_out: bool | None
    run_id: str


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
class Changed:
    """Something that is different about an account since the night before (昨日变化)."""

    company_id: str
    account_id: str
    name: str
    row: Change
    promised_for: date | None
    """Of a promise."""


@dataclass(frozen=True)
class Week:
    """What the first day of a week brings: the largest recovery of the last one in the reader's team (回款成果)."""

    recovery: Recovery | None
    rep_name: str | None
    account_name: str | None
    """None unless it is the reader's own customer."""


@dataclass(frozen=True)
class Digest:
    """A rep's tasks of one morning, in order of rank, and what is new about the accounts that the rep works on."""

    reader: Reader
    truth: Truth
    lines: tuple[Line, ...]
    """All of them; those that do not fit into the day are not planned."""
    releases: tuple[Release, ...] = ()
    warnings: tuple[Warned, ...] = ()
    changes: tuple[Changed, ...] = ()
    """Most important first; what was released stands in ``releases``."""
    goals: tuple[Goal, ...] = ()
    stands_in: tuple[Cover, ...] = ()
    """Whose accounts the reader works on today."""
    away: tuple[Cover, ...] = ()
    """Who works on the reader's accounts today."""
    week: Week | None = None


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
    page: str | None = None
    """Where Airflow lists what waits for an answer, from settings; None when it is not known."""
    team: tuple[Member, ...] = ()
    goals: tuple[Goal, ...] = ()
    changes: tuple[Changed, ...] = ()
    """Of the team, for sums and counts; names stand in the workbook."""
    quiet: tuple[Line, ...] = ()
    """One task per account that nobody has spoken to for longer than the policy allows."""
    covers: tuple[Cover, ...] = ()
    week: Week | None = None


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
class StatementRequest:
    """A batch of statements that one person may approve; names no customer, and decides nothing."""

    reader: Reader
    truth: Truth
    company: str
    """Its name."""
    batch: StatementBatch
    answer_by: datetime
    time_zone: str
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


Worklist = Digest | Escalation | Approval | StatementRequest | DataOwnerReport


def digests(night: Night) -> list[Digest]:
    """A digest for each active rep, and for anybody else who has tasks; also when there is nothing to do."""
    return list(each_digest(night))


def each_digest(night: Night, people: Collection[str] | None = None) -> Iterator[Digest]:
    """The same, one after the other, so that thousands need not be held at once; of these ``people`` only, if any."""
    releases, warnings = _by_worker(night, _releases(night)), _by_worker(night, _warnings(night))
    busy = {task.rep_id for task in night.tasks if task.kind != "escalate"} | releases.keys() | warnings.keys()
    for reader in active(night, people):
        if reader.role == "rep" or reader.rep_id in busy:
            yield _digest(night, reader, releases.get(reader.rep_id, []), warnings.get(reader.rep_id, []))


def _digest(night: Night, reader: Reader, releases: list[Release], warnings: list[Warned]) -> Digest:
    me = reader.rep_id
    absent = [row for row in night.covered_for.get(me, []) if row.works_rep_id != me]
    return Digest(
        reader,
        truth(night),
        tuple(task_line(night, task) for task in night.tasks_of.get(me, []) if task.kind != "escalate"),
        tuple(releases),
        tuple(warnings),
        changes=_changes(night, night.changes_of.get(me, [])),
        goals=goals(night, {me}),
        stands_in=covers(night, [row for row in night.covered_by.get(me, []) if row.rep_id != me], reader),
        away=covers(night, absent, reader),
        week=_week(night, reader),
    )


def escalations(night: Night, page: str | None = None) -> list[Escalation]:
    """An escalation mail for each active manager, also when there is nothing to decide.

    ``page``: where Airflow lists what waits for an answer, from settings.
    """
    return list(each_escalation(night, page))


def each_escalation(
    night: Night, page: str | None = None, people: Collection[str] | None = None
) -> Iterator[Escalation]:
    """The same, one after the other; of these ``people`` only, if any."""
    deciding = {task.rep_id for task in night.tasks if task.kind == "escalate"}
    for reader in active(night, people):
        if reader.role == "manager" or reader.rep_id in deciding:
            yield _escalation(night, reader, page)


def _escalation(night: Night, reader: Reader, page: str | None) -> Escalation:
    lines = tuple(task_line(night, task) for task in night.tasks_of.get(reader.rep_id, []) if task.kind == "escalate")
    waiting = [flag for flag in night.flags if flag.state == "proposed"]
    to_approve = sum(flag.approver_id == reader.rep_id for flag in waiting)
    if reader.role != "manager":
        return Escalation(reader, truth(night), lines, (), to_approve=to_approve, page=page)
    ours, people = companies_of(night, reader), led_by(night, reader.rep_id)
    return Escalation(
        reader,
        truth(night),
        lines,
        ownerless=tuple(_ownerless(night, ours)),
        held=tuple(_held(night, cap) for cap in night.caps if cap.company_id in ours),
        to_approve=to_approve,
        without_approver=sum(flag.approver_id is None and flag.company_id in ours for flag in waiting),
        releases=tuple(_releases_for(night, people, ours)),
        page=page,
        team=team(night, reader),
        goals=goals(night, people),
        changes=_changes(night, _changes_of_team(night, people)),
        quiet=tuple(_quiet(night, people)),
        covers=covers_for(night, reader),
        week=_week(night, reader),
    )


def _changes_of_team(night: Night, people: set[str]) -> list[Change]:
    """Changes of accounts in the charge of these people, whoever works on them today."""
    return [row for rep_id in people for row in night.changes_by_owner.get(rep_id, [])]


def _changes(night: Night, rows: Iterable[Change]) -> tuple[Changed, ...]:
    """What is different, in order of importance and then of amount."""
    found = [
        _changed(night, row)
        for row in rows
        if row.change != "released"  # told with what has to be done again
    ]
    place = {change: place for place, change in enumerate(CHANGES)}
    return tuple(
        sorted(
            found,
            key=lambda each: (
                place.get(each.row.change, len(place)),
                -(each.row.amount or 0),
                each.company_id,
                each.account_id,
                each.row.subject_id,
                each.row.currency,
            ),
        )
    )


def _changed(night: Night, row: Change) -> Changed:
    key = (row.company_id, row.account_id)
    promise = night.promises.get((row.company_id, row.subject_id))
    return Changed(*key, night.names.get(key, key[1]), row, promise.promised_for if promise else None)


def _quiet(night: Night, people: set[str]) -> Iterator[Line]:
    """One row per account of these people beyond the coverage floor, the longest waiting first."""
    first: dict[AccountKey, Task] = {}
    for rep_id in people:
        for key in night.accounts_of.get(rep_id, []):
            for task in night.tasks_by_account.get(key, []):
                if task.is_floor and (key not in first or task.first_listed_on < first[key].first_listed_on):
                    first[key] = task
    for task in sorted(first.values(), key=lambda task: (task.first_listed_on, -(task.ask_amount or 0), task.task_id)):
        yield task_line(night, task)


def _week(night: Night, reader: Reader) -> Week | None:
    """On Mondays only."""
    if night.run.business_date.weekday() != 0:
        return None
    recovery = best_recovery(night, reader)
    if recovery is None:
        return Week(None, None, None)
    colleague = night.readers.get(recovery.rep_id)
    own = recovery.rep_id == reader.rep_id
    key = (recovery.company_id, recovery.account_id)
    return Week(recovery, colleague.name if colleague else None, night.names.get(key, key[1]) if own else None)


def approvals(
    night: Night, kind: ApprovalKind, answer_within: timedelta, zone_of: Callable[[Reader], str], page: str | None
) -> list[Approval]:
    """A mail for each active approver with an unanswered batch of this run; a run has one batch per approver.

    ``zone_of``: by which clock a reader is told the deadline.
    """
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
            zone_of(reader),
            tuple(_proposed(night, row) for row in rows),
            page,
        )
        for reader in active(night)
        if (rows := found.get(reader.rep_id))
    ]


def statement_requests(
    night: Night, answer_within: timedelta, zone_of: Callable[[Reader], str], page: str | None
) -> list[StatementRequest]:
    """A mail for each batch of statements that nobody has answered and whose approver is active.

    ``zone_of``: by which clock a reader is told the deadline.
    """
    readers = {reader.rep_id: reader for reader in active(night)}
    return [
        StatementRequest(
            reader,
            truth(night),
            _company_name(night, batch.company_id),
            batch,
            batch.opened_at + answer_within,
            zone_of(reader),
            page,
        )
        for batch in night.statement_batches
        if (reader := readers.get(batch.approver_id))
    ]


def _company_name(night: Night, company_id: str) -> str:
    company = night.companies.get(company_id)
    return company.name if company else company_id


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
        for reader in active(night)
        if reader.role == "finance"
    ]


def truth(night: Night) -> Truth:
    """The one line about the data that stands in every mail."""
    run: Run = night.run
    return Truth(run.business_date, run.as_of, night.payments_complete_to, night.ties_out, run.run_id)


def listed(worklist: Digest | Escalation) -> tuple[Line, ...]:
    """The rows that ask for something to be done."""
    return worklist.lines + (worklist.ownerless if isinstance(worklist, Escalation) else ())


def planned(worklist: Digest | Escalation) -> tuple[Line, ...]:
    """The rows that are for today."""
    return tuple(line for line in listed(worklist) if line.is_planned)


def shown_accounts(worklist: Worklist) -> list[AccountKey]:
    """Every account that the mail or its workbook shows."""
    if isinstance(worklist, DataOwnerReport | StatementRequest):
        return []
    if isinstance(worklist, Approval):
        return sorted({(each.row.company_id, each.row.account_id) for each in worklist.proposals})
    rows: list[Line | Release | Warned | Changed] = [*listed(worklist), *worklist.releases, *worklist.changes]
    rows += worklist.warnings if isinstance(worklist, Digest) else worklist.quiet
    week = worklist.week
    told = {(week.recovery.company_id, week.recovery.account_id)} if week and week.recovery else set()
    if not (week and week.account_name):
        told = set()
    return sorted({(row.company_id, row.account_id) for row in rows} | told)


def check_scope(worklist: Worklist, night: Night) -> None:
    """Raise InvariantError when a mail shows an account that its reader has nothing to do with.

    The scope is worked out from the published rows, not from the mail; for an approver it is the accounts whose
    proposed sanction needs this very person.
    """
    reader = worklist.reader
    if isinstance(worklist, Approval):
        asked = [flag for flag in night.flags if flag.approver_id == reader.rep_id]
        allowed = {(flag.company_id, flag.account_id) for flag in asked if flag.state == "proposed"}
    else:
        allowed = scope(night, reader)
    outside = set(shown_accounts(worklist)) - allowed
    if outside:
        raise InvariantError(
            f"The mail for {reader.rep_id} would show {len(outside)} accounts outside the reader's scope.",
            "No mail of this night was written. Report it with the run id: it is a fault of the program.",
        )


def _by_worker(night: Night, rows: Iterable[_News]) -> dict[str | None, list[_News]]:
    """rep_id of who works on the account today → rows, in their order; None when nobody does."""
    groups: dict[str | None, list[_News]] = {}
    for row in rows:
        groups.setdefault(worker(night, (row.company_id, row.account_id)), []).append(row)
    return groups


def _ownerless(night: Night, ours: set[str]) -> list[Line]:
    """Overdue accounts without a rep in these companies, the latest first."""
    keys = [key for key in night.accounts_of.get(None, []) if key[0] in ours and night.balances.get(key)]
    lines = [appoint_line(night, key) for key in keys]
    return sorted(lines, key=lambda line: (-line.days_late, line.company_id, line.account_id))


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
    found = []
    for row in _releases(night):
        status = night.statuses.get((row.company_id, row.account_id))
        owner = status.rep_id if status else None
        if owner in people or (owner is None and row.company_id in ours):
            found.append(row)
    return found


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
