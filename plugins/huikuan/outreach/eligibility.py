"""What is read again right before a mail leaves: whether it still may, as things stand now.

Per mail: one question to the warehouse for the date's last run, a second one for mails that ask for an approval or go
to a customer, and a look at the names of the date's snapshots. People, calendars, customers and their contacts are read
from a snapshot once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from huikuan.errors import OutreachError
from huikuan.outreach.message import is_address
from huikuan.outreach.reading import newest_run, newest_snapshot, read_companies, read_customers, read_readers
from huikuan.outreach.rows import AccountKey, Company, Reader, Run
from huikuan.policy.outreach import OutreachPolicy

IsWorkday = Callable[[str, date], bool]
"""(calendar, day) → whether people work on that day."""
MayReceive = Callable[[str], bool]
"""Mail address → whether a statement may go there."""
STATEMENT = "statement"
"""The kind whose recipient is a customer's statement, ``company/account/number``, and whose Message-ID begins with the
id of that statement."""
APPROVALS = ("approval", "approval_reminder")
STATEMENT_APPROVAL = "statement_approval"
"""The kind whose recipient is an approver and a batch, ``rep_id/batch_id``."""
OTHER_DOMAIN = "the address is outside the customers' domains of the policy"
INTERNAL_REPORTS = ("data_owner", "undelivered")
"""They say what is wrong, so a closed gate does not hold them."""


@dataclass(frozen=True)
class Claim:
    """A mail that a sender has locked."""

    message_id: str
    business_date: date
    run_id: str | None
    kind: str
    recipient: str
    address: str
    content: bytes
    content_hash: str
    accounts: list[list[str]]
    state: str
    last_error: str | None
    not_after: datetime
    timezone: str | None
    """Whose clock counts; None: the policy's."""
    moment: datetime
    """Now."""


@dataclass(frozen=True)
class Fate:
    """New state of a mail, why, and whether or until when it has to wait before it is tried again."""

    state: str
    reason: str | None = None
    wait: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class People:
    """Who and what the newest snapshot of a date knows; several rows per rep_id when the ledger holds a duplicate."""

    readers: dict[str, list[Reader]]
    companies: dict[str, Company]


@dataclass(frozen=True)
class Customers:
    """What the newest snapshot of a date knows of customers."""

    statuses: dict[AccountKey, str]
    addresses: dict[tuple[str, str, str], str]
    """(company_id, account_id, contact_id) → mail address."""
    held: dict[AccountKey, date]
    """First day on which we may write to the customer, of accounts that have one."""


def nobody(_: str) -> bool:
    """No address at all: where no policy was given, no customer gets mail."""
    return False


@dataclass
class Ground:
    """What mails of one business date stand on, read again as it changes."""

    lake: Path
    business_date: date
    policy: OutreachPolicy
    environment: str = ""
    leaves_the_house: bool = True
    """Whether mails really leave: if not, there is nobody to be kept from them, and no rest to be disturbed."""
    is_workday: IsWorkday | None = None
    may_get_statement: MayReceive = nobody
    _known: dict[Path, People] = field(default_factory=dict)
    _customers: dict[Path, Customers] = field(default_factory=dict)

    def people(self) -> People:
        """People and calendars of the newest snapshot. Raises OutreachError when there is none."""
        folder = self._snapshot()
        if folder not in self._known:
            self._known = {folder: _read_people(folder)}
        return self._known[folder]

    def customers(self) -> Customers:
        """Customers and their contacts in the newest snapshot. Raises OutreachError when there is none."""
        folder = self._snapshot()
        if folder not in self._customers:
            with duckdb.connect() as duck:
                self._customers = {folder: Customers(*read_customers(duck, folder))}
        return self._customers[folder]

    def _snapshot(self) -> Path:
        folder = newest_snapshot(self.lake, self.business_date)
        if folder is None:
            raise OutreachError(
                f"The lake holds no snapshot of {self.business_date}, so nobody's address can be checked.",
                "Point HUIKUAN_LAKE at the lake of the night.",
            )
        return folder


def _read_people(folder: Path) -> People:
    with duckdb.connect() as duck:
        readers: dict[str, list[Reader]] = {}
        for reader in read_readers(duck, folder, None):
            readers.setdefault(reader.rep_id, []).append(reader)
        return People(readers, read_companies(duck, folder, None))


def obstacle(connection: psycopg.Connection[Any], ground: Ground, claim: Claim) -> Fate | None:
    """Why the mail must not leave as things stand now, not as they stood when it was written; None when it may."""
    found = (
        _content(claim)
        or _night(connection, ground, claim)
        or (_customer(connection, ground, claim) if claim.kind == STATEMENT else _reader(ground, claim))
        or _place(ground, claim)
        or _rest(ground, claim)
    )
    if found and claim.state == "unknown":  # it may have arrived: never hide that
        return Fate("unknown", f"not handed over once more: {found.reason}", until=found.until)
    return found


def _content(claim: Claim) -> Fate | None:
    if not claim.content:
        return Fate("parked", "it could not be rendered, so there is nothing to send")
    if hashlib.sha256(claim.content).hexdigest() != claim.content_hash:
        return Fate("parked", "the content is not what was written")
    return None


def _night(connection: psycopg.Connection[Any], ground: Ground, claim: Claim) -> Fate | None:
    """The date's last word: a stop, a back-fill, or rows that are newer than those that the mail shows."""
    run = newest_run(connection, ground.business_date)
    if run is None or run.is_backfill:
        return Fate("suppressed", "back-fill: computed for the past, nobody is contacted")
    if claim.kind in INTERNAL_REPORTS:
        return None
    if run.gate != "open":
        return Fate("suppressed", f"gate {run.gate}: nobody is contacted")
    if claim.kind in _ASKED and not _asks_still(connection, claim):
        return Fate("suppressed", "everything was answered meanwhile, or a newer run asks anew")
    if claim.run_id != run.run_id:
        return Fate("suppressed", f"a newer run of the date, {run.run_id}, knows more: it is written afresh")
    if claim.kind == "notice" and not _owes_still(connection, run, claim):
        return Fate("suppressed", "an account it speaks of owes nothing that is late, or a person released it")
    return None


_REFERRALS_WAIT = """
    SELECT EXISTS (
        SELECT FROM collections.referral AS r
        INNER JOIN collections.last_run AS l ON r.business_date = l.business_date AND r.run_id = l.run_id
        WHERE r.business_date = %s AND r.run_id = %s AND r.approver_id = %s AND r.choice IS NULL
    )
"""
_STATEMENTS_WAIT = """
    SELECT EXISTS (
        SELECT FROM store.statement_batch AS b
        INNER JOIN collections.last_run AS l ON b.business_date = l.business_date AND b.run_id = l.run_id
        INNER JOIN store.statement AS s ON b.batch_id = s.batch_id
        LEFT JOIN store.statement_decision AS d ON s.statement_id = d.statement_id
        WHERE b.business_date = %s AND b.run_id = %s AND concat_ws('/', b.approver_id, b.batch_id) = %s
        AND d.choice IS NULL
    )
"""
_ASKED = {**dict.fromkeys(APPROVALS, _REFERRALS_WAIT), STATEMENT_APPROVAL: _STATEMENTS_WAIT}
"""Kinds of mail that ask for an answer → whether anything that this reader may answer still lacks one."""


def _asks_still(connection: psycopg.Connection[Any], claim: Claim) -> bool:
    """Whether the batch that the mail speaks of is of the run that readers see, and still lacks an answer."""
    row = connection.execute(_ASKED[claim.kind], [claim.business_date, claim.run_id, claim.recipient]).fetchone()
    return bool(row and row[0])


def _owes_still(connection: psycopg.Connection[Any], run: Run, claim: Claim) -> bool:
    """Whether every account of a mail to a customer is late in the newest rows, and nobody released it since."""
    row = connection.execute(
        """
        SELECT count(*) FROM unnest(%(companies)s::text[], %(accounts)s::text[]) AS a (company_id, account_id)
        WHERE EXISTS (
            SELECT FROM collections.account_balance AS b
            WHERE b.business_date = %(date)s AND b.run_id = %(run)s AND b.overdue_amount > 0
            AND b.company_id = a.company_id AND b.account_id = a.account_id
        )
        AND NOT EXISTS (
            SELECT FROM collections.sanction_override AS o
            WHERE o.effect IN ('exempt', 'accept_promise') AND o.ended_on IS NULL
            AND %(date)s BETWEEN o.from_on AND o.expires_on
            AND o.company_id = a.company_id AND o.account_id = a.account_id
        )
        """,
        {
            "companies": [company for company, _ in claim.accounts],
            "accounts": [account for _, account in claim.accounts],
            "date": run.business_date,
            "run": run.run_id,
        },
    ).fetchone()
    return bool(row and row[0] == len(claim.accounts))


def reader_id(kind: str, recipient: str) -> str:
    """The rep_id of whom a mail is for that stays in the house."""
    return recipient.rpartition("/")[0] if kind == STATEMENT_APPROVAL else recipient


def _reader(ground: Ground, claim: Claim) -> Fate | None:
    rep_id = reader_id(claim.kind, claim.recipient)
    readers = [reader for reader in ground.people().readers.get(rep_id, []) if reader.is_active]
    if not readers:
        return Fate("suppressed", "the recipient is no longer active")
    if not any(reader.email == claim.address for reader in readers):
        return Fate("parked", "the recipient's address has changed since the mail was written")
    return None


def not_before(day: date) -> str:
    """Why a customer gets no mail yet."""
    return f"the customer must not be contacted before {day}"


def _customer(connection: psycopg.Connection[Any], ground: Ground, claim: Claim) -> Fate | None:
    """A statement: still approved, of the account that the mail is for, which is active, to a contact as it is now."""
    row = connection.execute(
        """
        SELECT s.company_id, s.account_id, s.contact_id, s.number
        FROM store.statement AS s
        INNER JOIN store.statement_decision AS d ON s.statement_id = d.statement_id AND d.choice = 'approved'
        INNER JOIN store.statement_batch AS b ON s.batch_id = b.batch_id
        WHERE s.statement_id = %s AND b.run_id = %s AND b.content_hash = d.content_hash
        """,
        [claim.message_id.strip("<>").partition("@")[0], claim.run_id],
    ).fetchone()
    if row is None or claim.accounts != [list(row[:2])] or claim.recipient != f"{row[0]}/{row[1]}/{row[3]}":
        return Fate("parked", "the statement is not approved, or not of this account")
    customers = ground.customers()
    if customers.statuses.get((row[0], row[1])) != "active":
        return Fate("suppressed", "the account is insolvent or closed by now, or not in the ledger")
    held_until = customers.held.get((row[0], row[1]))
    if held_until and held_until > ground.policy.local_day(claim.moment, claim.timezone):
        return Fate("parked", not_before(held_until))
    if customers.addresses.get((row[0], row[1], row[2])) != claim.address:
        return Fate("parked", "the contact has this address no longer")
    return None


def _place(ground: Ground, claim: Claim) -> Fate | None:
    if not is_address(claim.address):  # of two, the server would get the first, and the domain is that of the last
        return Fate("parked", "the address in the ledger is not one mail address")
    if claim.kind == STATEMENT and not ground.may_get_statement(claim.address):
        return Fate("parked", OTHER_DOMAIN)
    if claim.kind != STATEMENT and not ground.policy.may_receive(claim.address):
        return Fate("parked", "the address is outside our own domains")
    if ground.leaves_the_house and not ground.policy.may_leave(claim.address, ground.environment):
        return Fate("suppressed", f"environment {ground.environment or '?'}: the address is not on the allow-list")
    return None


def _rest(ground: Ground, claim: Claim) -> Fate | None:
    today = ground.policy.local_day(claim.moment, claim.timezone)
    reason = day_of_rest(ground, today, {company for company, _ in claim.accounts} or _near(ground, claim))
    if reason is None:
        return None
    if ground.policy.local_day(claim.not_after, claim.timezone) == today:
        return Fate("suppressed", reason)
    return Fate("deferred", reason, until=ground.policy.window(today + timedelta(days=1), claim.timezone)[0])


def _near(ground: Ground, claim: Claim) -> set[str]:
    """Companies in the zone of a list that shows none; a report on what is wrong does not wait for a company."""
    if claim.kind in INTERNAL_REPORTS or claim.timezone is None:
        return set()
    return {company.company_id for company in ground.people().companies.values() if company.timezone == claim.timezone}


def day_of_rest(ground: Ground, today: date, companies: Set[str] = frozenset()) -> str | None:
    """Why nobody gets a mail today: none of the companies that it shows is at work; when it shows none: none at all."""
    if ground.is_workday is None or not ground.leaves_the_house:
        return None
    everywhere = ground.people().companies.values()
    known = {company.company_id: company.calendar for company in everywhere if company.calendar}
    calendars = sorted({known[company] for company in companies if company in known} or set(known.values()))
    if not calendars or any(ground.is_workday(calendar, today) for calendar in calendars):
        return None
    return f"{today} is no workday of calendar {', '.join(calendars)}"
