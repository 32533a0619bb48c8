"""A manager's people this morning: what they have to do, what they did, and who stands in for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from huikuan.outreach.lines import Money
from huikuan.outreach.news import Goal, Handover, Recovery
from huikuan.outreach.offers import PAPERWORK
from huikuan.outreach.people import companies_of, led_by
from huikuan.outreach.rows import Night, Reader, Task


@dataclass(frozen=True)
class Member:
    """One row of the team table: a person right below, with all that this person leads."""

    rep_id: str
    name: str
    is_reader: bool
    is_active: bool
    planned: int
    waiting: int
    done: int
    """Tasks that the facts show as done since the night before."""
    asked: tuple[Money, ...]
    """By the tasks planned for today; an account counts once per currency, with its largest amount."""
    goals: tuple[Goal, ...]
    oldest: date | None
    """First day of the task that waits longest."""
    quiet: int
    """Accounts that nobody has spoken to for longer than the policy allows."""


@dataclass(frozen=True)
class Cover:
    """Accounts of one person that somebody else works on today, or nobody does."""

    rep_name: str | None
    """None: nobody is in charge."""
    worker_name: str | None
    """None: nobody does."""
    is_reader: bool
    """The reader of the mail does."""
    cause: str
    until_on: date | None
    accounts: int


def team(night: Night, manager: Reader) -> tuple[Member, ...]:
    """The people right below, who has most to do first; and the manager, with tasks or targets of one's own."""
    groups = [(rep_id, led_by(night, rep_id)) for rep_id in night.reports_of.get(manager.rep_id, [])]
    groups.append((manager.rep_id, {manager.rep_id}))
    rows = [_member(night, manager, night.readers[rep_id], people) for rep_id, people in groups]
    shown = [row for row in rows if _is_shown(row, night)]
    return tuple(sorted(shown, key=lambda row: (-(row.planned + row.waiting), row.rep_id)))


def _is_shown(row: Member, night: Night) -> bool:
    has_work = bool(row.planned or row.waiting or row.done or row.goals)
    return has_work or (row.is_active and not row.is_reader and night.readers[row.rep_id].role == "rep")


def _member(night: Night, manager: Reader, reader: Reader, people: set[str]) -> Member:
    tasks = [task for rep_id in people for task in night.tasks_of.get(rep_id, []) if task.kind != "escalate"]
    waiting = [task for task in tasks if task.is_planned is False]
    return Member(
        rep_id=reader.rep_id,
        name=reader.name,
        is_reader=reader.rep_id == manager.rep_id,
        is_active=reader.is_active,
        planned=len(tasks) - len(waiting),
        waiting=len(waiting),
        done=sum(row.outcome == "done" for rep_id in people for row in night.ends_of.get(rep_id, [])),
        asked=_asked(task for task in tasks if task.is_planned is not False),
        goals=goals(night, people),
        oldest=min((task.first_listed_on for task in waiting), default=None),
        quiet=len({(task.company_id, task.account_id) for task in tasks if task.is_floor}),
    )


def _asked(tasks: Iterable[Task]) -> tuple[Money, ...]:
    largest: dict[tuple[str, str, str], Decimal] = {}
    for task in tasks:
        if task.ask_amount is not None and task.currency and task.kind not in PAPERWORK:
            key = (task.company_id, task.account_id, task.currency)
            largest[key] = max(largest.get(key, Decimal(0)), task.ask_amount)
    sums: Counter[str] = Counter()
    accounts: Counter[str] = Counter(currency for _, _, currency in largest)
    for (_, _, currency), amount in largest.items():
        sums[currency] += amount  # type: ignore[assignment]  # decimals add up as whole numbers do
    return tuple(Money(code, Decimal(sums[code])) for code in sorted(sums, key=lambda code: (-accounts[code], code)))


def goals(night: Night, people: set[str]) -> tuple[Goal, ...]:
    """The month of all accounts in the charge of these people, one row per currency."""
    found: dict[str, Goal] = {}
    for rep_id in sorted(people):
        for row in night.goals_of.get(rep_id, []):
            before = found.get(row.currency)
            found[row.currency] = _added(before, row) if before else row
    return tuple(found[currency] for currency in sorted(found))


def _added(one: Goal, two: Goal) -> Goal:
    return Goal(
        None,
        max(one.month, two.month),
        one.currency,
        one.target + two.target,
        one.committed + two.committed,
        one.received + two.received,
        one.gap + two.gap,
    )


def covers(night: Night, rows: Iterable[Handover], reader: Reader) -> tuple[Cover, ...]:
    """Accounts that change hands, summed up; those that nobody works on first."""
    counts = Counter((row.rep_id, row.works_rep_id, row.cause, row.until_on) for row in rows)
    found = [
        Cover(
            rep_name=_name(night, rep_id),
            worker_name=_name(night, works_rep_id),
            is_reader=works_rep_id == reader.rep_id,
            cause=cause,
            until_on=until_on,
            accounts=accounts,
        )
        for (rep_id, works_rep_id, cause, until_on), accounts in counts.items()
    ]
    return tuple(sorted(found, key=lambda row: (row.worker_name is not None, -row.accounts, row.rep_name or "")))


def covers_for(night: Night, manager: Reader) -> tuple[Cover, ...]:
    """What changes hands among a manager's people, and in the manager's companies what nobody is in charge of."""
    ours = companies_of(night, manager)
    people = led_by(night, manager.rep_id)
    rows = [row for rep_id in sorted(people) for row in night.covered_for.get(rep_id, [])]
    rows += [row for row in night.covered_for.get(None, []) if row.company_id in ours]
    return covers(night, rows, manager)


def _name(night: Night, rep_id: str | None) -> str | None:
    if rep_id is None:
        return None
    reader = night.readers.get(rep_id)
    return reader.name if reader else rep_id


def best_recovery(night: Night, reader: Reader) -> Recovery | None:
    """The largest recovery of the last week within the reader's team.

    Amounts in different currencies are not compared: it is the largest in the currency that the team had most of.
    """
    head = reader.rep_id if reader.role == "manager" or reader.manager_id is None else reader.manager_id
    rows = [row for rep_id in sorted(led_by(night, head)) for row in night.recoveries_of.get(rep_id, [])]
    if not rows:
        return None
    counts = Counter(row.currency for row in rows)
    currency = min(counts, key=lambda code: (-counts[code], code))
    mine = [row for row in rows if row.currency == currency]
    return max(mine, key=lambda row: (row.amount, row.is_promise_kept, row.company_id, row.account_id))
