"""Who is above whom, and who works on whose accounts today."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from huikuan.outreach.rows import AccountKey, Night, Reader
from huikuan.policy.outreach import OutreachPolicy


def active(night: Night, people: Collection[str] | None = None) -> list[Reader]:
    """Everybody who may get mail, by id; of these ``people`` only, if any are given."""
    wanted = night.readers.keys() if people is None else people & night.readers.keys()
    return [night.readers[rep_id] for rep_id in sorted(wanted) if night.readers[rep_id].is_active]


@dataclass(frozen=True)
class Group:
    """Readers whose mails are made together, and everybody whose rows those mails show."""

    digests: set[str]
    escalations: set[str]
    people: set[str]


def groups(night: Night, size: int) -> Iterator[Group]:
    """All active readers in groups of about ``size``: whole teams, then whoever leads teams of teams, one by one."""
    found = Group(set(), set(), set())
    for group in _teams(night):
        found = Group(found.digests | group.digests, found.escalations | group.escalations, found.people | group.people)
        if len(found.people) >= size:
            yield found
            found = Group(set(), set(), set())
    if found.people:
        yield found


def _teams(night: Night) -> Iterator[Group]:
    """The people right below each person, and this person's escalations where nobody below leads anybody."""
    for head, below in sorted(night.reports_of.items(), key=lambda team: team[0] or ""):
        people = set(below)
        alone = {rep_id for rep_id in people if not night.reports_of.get(rep_id)}
        heads = {head} if head in night.readers and alone == people else set()
        yield Group(people, alone | heads, people | heads)
    for head in sorted(night.readers):
        if any(night.reports_of.get(rep_id) for rep_id in night.reports_of.get(head, [])):
            yield Group(set(), {head}, led_by(night, head))


def led_by(night: Night, manager_id: str) -> set[str]:
    """The person and everybody below, however deep."""
    found, waiting = {manager_id}, [manager_id]
    while waiting:
        below = set(night.reports_of.get(waiting.pop(), [])) - found
        found |= below
        waiting.extend(below)
    return found


def companies_of(night: Night, manager: Reader) -> set[str]:
    """Companies with accounts in the charge of the manager or of people below, and those that no manager has."""
    orphans = {company_id for company_id, owners in night.owners_by_company.items() if not owners & night.led}
    return _charged(night, manager) | orphans


def _charged(night: Night, reader: Reader) -> set[str]:
    """Companies with accounts in the charge of the reader or of people below."""
    people = led_by(night, reader.rep_id)
    return {company_id for company_id, owners in night.owners_by_company.items() if owners & people}


@dataclass(frozen=True)
class Window:
    """When a mail may leave."""

    zone: str
    """IANA time zone whose clock counts for its reader."""
    first: datetime
    last: datetime


def window_of(night: Night, reader: Reader, policy: OutreachPolicy) -> Window:
    """When the mails of the night may leave to a reader: the policy's hours, by the clock of the reader's company."""
    zone = zone_of(night, reader, policy)
    return Window(zone, *policy.window(night.run.business_date, zone))


def zone_of(night: Night, reader: Reader, policy: OutreachPolicy) -> str:
    """The zone of the companies whose accounts the reader, or somebody below, has in charge.

    The policy's where they have several or the reader has none; so for a company whose zone is not known.
    """
    known = (night.companies.get(company_id) for company_id in _charged(night, reader))
    zones = {policy.zone(company.timezone if company else None) for company in known}
    return zones.pop() if len(zones) == 1 else policy.timezone


def worker(night: Night, key: AccountKey) -> str | None:
    """Who works on an account today: a stand-in, else whoever is in charge."""
    if key in night.workers:
        return night.workers[key]
    status = night.statuses.get(key)
    return status.rep_id if status else None


def scope(night: Night, reader: Reader) -> set[AccountKey]:
    """Accounts that a list for this reader may show, from the published rows alone.

    Those with a task of the reader, in the reader's charge, covered for somebody else, or with news for the reader; for
    whoever leads people those in their charge; for a manager those without anybody in charge in the same companies.
    """
    me = reader.rep_id
    found = {(task.company_id, task.account_id) for task in night.tasks_of.get(me, [])}
    found |= {(row.company_id, row.account_id) for row in night.changes_of.get(me, [])}
    found |= {(row.company_id, row.account_id) for row in night.covered_by.get(me, [])}
    found |= {(row.company_id, row.account_id) for row in night.recoveries_of.get(me, [])}
    for rep_id in led_by(night, me):
        found.update(night.accounts_of.get(rep_id, []))
        found |= {(row.company_id, row.account_id) for row in night.covered_for.get(rep_id, [])}
    if reader.role == "manager":
        ours = companies_of(night, reader)
        found |= {key for key in night.accounts_of.get(None, []) if key[0] in ours}
        found |= {(row.company_id, row.account_id) for row in night.covered_for.get(None, []) if row.company_id in ours}
    return found
