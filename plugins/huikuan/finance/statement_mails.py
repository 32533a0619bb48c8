"""Approved statements become mails to customers (对账函邮件), each once, with both files, frozen as it will be sent.

The mails enter the same outbox as all others, under a step of their own, and the same sender takes them out after
another look at each. A mail's Message-ID begins with the id of its statement, and its recipient is
``company/account/number``: so the outbox itself holds each statement once. Other figures of the same cut-off are
another number, which leaves only after an approval of its own, and says that it takes the place of the one before.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import psycopg

from huikuan.errors import FinanceError
from huikuan.finance.batches import Batch, Line, check_files, lines_of, needed, read_manifest
from huikuan.finance.statement_page import CATALOGUE, greeting
from huikuan.finance.statement_rows import Contact, contacts_of
from huikuan.letters.facts import AccountKey, NightFiles, open_night, session
from huikuan.outreach.eligibility import OTHER_DOMAIN, STATEMENT, IsWorkday, not_before
from huikuan.outreach.message import XLSX, Mail, envelope, finish, is_address
from huikuan.outreach.outbox import Entry, database_time, insert
from huikuan.outreach.people import Window
from huikuan.outreach.reading import newest_run
from huikuan.outreach.rows import Run
from huikuan.policy.finance import StatementPolicy
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.wording import Wording, clean

log = logging.getLogger(__name__)

_WAIT_SECONDS = 60.0  # two batches of one date are written one after the other
_LONGEST_REST = 31
"""Days without a workday after which a calendar is taken to be wrong."""


@dataclass(frozen=True)
class House:
    """Who writes: the company, the person to whom customers answer, and whose clock and calendar count."""

    company: str
    approver: str
    address: str
    calendar: str | None
    timezone: str | None


@dataclass(frozen=True)
class Enclosed:
    """The two files of a statement, as they were approved."""

    stem: str
    pdf: bytes
    workbook: bytes


def write_statements(
    url: str,
    lake: Path,
    batch_id: str,
    outreach: OutreachPolicy,
    statements: StatementPolicy,
    *,
    is_workday: IsWorkday | None = None,
    written_at: datetime | None = None,
) -> dict[str, int]:
    """Write the approved statements of a batch into the outbox; returns how many mails entered each state.

    Called again, it writes nothing anew, apart from mails that certainly did not leave: whose window passed, or that
    were parked before any try. Each may leave in the next send window of a workday of the company. A statement without
    a contact's address, or with one outside the customers' domains of the policy, is parked: a person prints it. So is
    that of an account that must not be contacted yet.

    Raises FinanceError, and writes nothing, when the batch is unknown or has no approved statement, the date has
    another run by now, or a file is not what was approved.
    """
    with connect(url, "mailer") as reading:
        batch = needed(reading, batch_id)
        run = _run(reading, batch)
        lines = _approved(reading, batch)
        moment = written_at or database_time(reading)
    check_files(lake, batch)
    manifest = read_manifest(lake, batch)
    night = open_night(lake, batch.run_id)
    contacts = contacts_of(night, [line.key[:2] for line in lines], statements.contact_roles)
    house = _house(night, batch)
    window = _window(batch.business_date, house, outreach, moment, is_workday)
    inputs = hashlib.sha256(repr((batch.batch_id, [line.statement_id for line in lines])).encode()).hexdigest()
    counts: dict[str, int] = {}
    with (
        step(url, batch.business_date, "statements", inputs, wait_seconds=_WAIT_SECONDS, redo=True) as attempt,
        connect(url, "mailer") as connection,
    ):
        attempt.guard(connection)
        for line in lines:
            contact = _contact(line, contacts)
            named = manifest.statements[line.key[:2]]
            mail = compose(line, contact, house, _enclosed(lake, batch, line, named), batch.cut_off, outreach, moment)
            entry = _entry(run, mail, statements, _held(named, outreach.local_day(window.first, window.zone)))
            if insert(connection, run, entry, mail, window, moment, again=True):
                counts[entry.state] = counts.get(entry.state, 0) + 1
        attempt.finish(counts, connection)
        connection.commit()
    log.info("statements of %s into the outbox: %s", batch_id, counts or "nothing new")
    return counts


def unwritten(url: str, batch_id: str) -> int:
    """How many approved statements of a batch have no mail in the outbox, or one whose window passed."""
    with connect(url, "mailer") as connection:
        [(count,)] = connection.execute(
            """
            SELECT count(*) FROM store.statement_decision AS d
            INNER JOIN store.statement AS s ON d.statement_id = s.statement_id
            INNER JOIN store.statement_batch AS b ON s.batch_id = b.batch_id AND d.content_hash = b.content_hash
            WHERE s.batch_id = %s AND d.choice = 'approved' AND NOT EXISTS (
                SELECT FROM store.message AS m
                WHERE m.business_date = b.business_date AND m.kind = %s AND m.state <> 'expired'
                AND m.recipient = concat_ws('/', s.company_id, s.account_id, s.number)
            )
            """,
            [batch_id, STATEMENT],
        ).fetchall()
    return int(count)


def _run(connection: psycopg.Connection[Any], batch: Batch) -> Run:
    run = newest_run(connection, batch.business_date)
    if run is None or run.run_id != batch.run_id:
        raise FinanceError(
            f"The rows of {batch.business_date} have changed since batch {batch.batch_id} was prepared.",
            "No mail was written. Prepare the statements of that date again, and have the new batch approved.",
        )
    return run


def _approved(connection: psycopg.Connection[Any], batch: Batch) -> list[Line]:
    """The lines that its approver said yes to, on the content that lies in the lake."""
    rows = connection.execute(
        "SELECT d.statement_id FROM store.statement_decision AS d INNER JOIN store.statement AS s USING (statement_id)"
        " WHERE s.batch_id = %s AND d.choice = 'approved' AND d.content_hash = %s",
        [batch.batch_id, batch.content_hash],
    ).fetchall()
    approved = {row[0] for row in rows}
    if not approved:
        raise FinanceError(
            f"No statement of batch {batch.batch_id} is approved, so none may leave.",
            f"{batch.approver_id} answers it: `huikuan statements decide`.",
        )
    return [line for line in lines_of(connection, batch.batch_id) if line.statement_id in approved]


def _house(night: NightFiles, batch: Batch) -> House:
    with session(night, None) as con:
        row = con.execute(
            "SELECT c.name, r.name, r.email, c.calendar, c.timezone FROM ledger.company AS c, ledger.rep AS r"
            " WHERE c.company_id = ? AND r.rep_id = ?",
            [batch.company_id, batch.approver_id],
        ).fetchone()
    if row is None or not is_address(row[2] or ""):
        raise FinanceError(
            f"{batch.approver_id} has no mail address, so customers could not answer.",
            "Correct the address in the ledger, and prepare the statements again.",
        )
    return House(*row)


def _window(
    business_date: date, house: House, policy: OutreachPolicy, moment: datetime, is_workday: IsWorkday | None
) -> Window:
    """The send window that is open or opens next, of a workday where the company is."""
    zone = policy.zone(house.timezone)
    day = max(business_date, policy.local_day(moment, zone))
    if moment > policy.window(day, zone)[1]:
        day += timedelta(days=1)
    for ahead in range(_LONGEST_REST):
        later = day + timedelta(days=ahead)
        if is_workday is None or not house.calendar or is_workday(house.calendar, later):
            return Window(zone, *policy.window(later, zone))
    raise FinanceError(
        f"Calendar {house.calendar} has no workday in {_LONGEST_REST} days from {day}.", "Correct the calendar."
    )


def _contact(line: Line, contacts: dict[AccountKey, tuple[Contact, ...]]) -> Contact | None:
    """The contact that the batch names for this account."""
    of_account = contacts.get((line.company_id, line.account_id), ())
    return next((contact for contact in of_account if contact.contact_id == line.contact_id), None)


def _held(named: Mapping[str, Any], today: date) -> date | None:
    """Until when nobody writes to the customer, if that is not over on the day on which the mail would leave."""
    until = date.fromisoformat(named["held_until"]) if named["held_until"] else None
    return until if until and until > today else None


def _enclosed(lake: Path, batch: Batch, line: Line, named: Mapping[str, Any]) -> Enclosed:
    """The files that the manifest names for the statement, each of the hash that was approved."""
    folder = lake / "statements" / batch.batch_id
    pdf, workbook = ((folder / f"{named['stem']}.{suffix}").read_bytes() for suffix in ("pdf", "xlsx"))
    hashes = hashlib.sha256(pdf).hexdigest(), hashlib.sha256(workbook).hexdigest()
    if hashes != (line.file_hash, named["workbook_hash"]) or named["number"] != line.number:
        raise FinanceError(
            f"The files of statement {line.number} are not what was approved.",
            "No mail was written. Prepare the statements of that date again: damaged files are made anew.",
        )
    return Enclosed(named["stem"], pdf, workbook)


def compose(
    line: Line,
    contact: Contact | None,
    house: House,
    files: Enclosed,
    cut_off: date,
    policy: OutreachPolicy,
    written_at: datetime,
) -> Mail:
    """The mail of one statement in the customer's language; the same statement and moment give the same bytes."""
    wording = Wording(line.locale, CATALOGUE)
    address = contact.email if contact else ""
    company, day = clean(house.company), wording.day(cut_off)
    subject = wording.text("Statement of account as of %(day)s, %(company)s", day=day, company=company)
    sender = Address(display_name=company, addr_spec=policy.sender)
    message_id = f"<{line.statement_id}@{policy.domain}>"
    message = envelope(sender, address, subject, written_at, message_id)
    message["Reply-To"] = Address(display_name=clean(house.approver), addr_spec=house.address)
    text = "\n\n".join(_paragraphs(line, contact, house, day, wording)) + "\n"
    message.set_content(text, cte="base64" if wording.locale == "zh_CN" else "quoted-printable")
    message.add_attachment(files.pdf, maintype="application", subtype="pdf", filename=f"{files.stem}.pdf")
    message.add_attachment(files.workbook, maintype=XLSX[0], subtype=XLSX[1], filename=f"{files.stem}.xlsx")
    finish(message, uuid.UUID(line.statement_id), wording)
    key = (line.company_id, line.account_id)
    recipient = f"{line.company_id}/{line.account_id}/{line.number}"
    shown = address if is_address(address) else clean(address)
    return Mail(message_id, STATEMENT, recipient, shown, subject, message.as_bytes(), [key])


def _paragraphs(line: Line, contact: Contact | None, house: House, day: str, wording: Wording) -> Sequence[str]:
    text = wording.text
    values = {"day": day, "number": line.number, "account": clean(line.account_id)}
    back = {"company": clean(house.company), "name": clean(house.approver), "address": house.address}
    return (
        greeting(contact, wording),
        text("Attached is our statement of account as of %(day)s, number %(number)s, account %(account)s.", **values),
        text("Please compare it with your books and mark on its last page whether the balance is correct or differs."),
        text("Stamp and sign that page, and return it to %(company)s, %(name)s, %(address)s.", **back),
        text("It is not a demand for payment. If you have paid since the cut-off, please reply all the same."),
        text("If you do not reply, we do not take that as agreement."),
        text("It takes the place of any statement as of the same day that you had from us before."),
        text("The PDF is the statement; the workbook shows the same items to compare them by machine."),
        f"{clean(house.company)}\n{clean(house.approver)}",
    )


def _entry(run: Run, mail: Mail, statements: StatementPolicy, held_until: date | None) -> Entry:
    """In which state the mail enters the outbox: queued, unless something speaks against it."""
    if run.is_backfill:
        return Entry("suppressed", "back-fill: computed for the past, nobody is contacted")
    if run.gate != "open":
        return Entry("suppressed", f"gate {run.gate}: nobody is contacted")
    if held_until:
        return Entry("parked", not_before(held_until))
    if not mail.address:
        return Entry("parked", "nobody at the customer has an address: print the statement")
    if not is_address(mail.address):
        return Entry("parked", "the address in the ledger is not one mail address")
    if not statements.may_receive(mail.address):
        return Entry("parked", OTHER_DOMAIN)
    return Entry("queued")
