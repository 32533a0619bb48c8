"""Mails that did not leave by themselves: to be seen, to be decided on, each decision written down once.

A decision changes the mail and leaves a row in ``store.message_action``, in one transaction, under the mail's lock. So
it never meets a mail that is on its way, and what stood there before is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from huikuan.errors import OutreachError
from huikuan.outreach.message import is_address
from huikuan.outreach.outbox import TOO_MANY
from huikuan.outreach.reading import newest_run
from huikuan.outreach.sender import ATTENTION, LOOK_BACK, MAY_COME_TWICE, database_clock
from huikuan.referrals.people import decider, free_text, open_ledger
from huikuan.warehouse.connect import connect
from huikuan.warehouse.tables import MESSAGE_STATES

_SHORT_ID = re.compile(r"[0-9a-f-]{8,36}", re.ASCII)
SEEN_BY_DEFAULT = (*ATTENTION, "deferred")
_DROPPABLE = ("parked", "queued", "deferred", "refused", "unknown")


@dataclass(frozen=True)
class Waiting:
    """A row of the outbox as people see it: without address, subject and content."""

    message_id: str
    business_date: date
    kind: str
    recipient: str
    state: str
    attempts: int
    last_error: str | None
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class Done:
    """One row of ``store.message_action``."""

    message_id: str
    position: int
    business_date: date
    action: str
    decided_by: str
    reason: str | None
    state_before: str
    state_after: str
    error_before: str | None
    decided_at: datetime


def short(message_id: str) -> str:
    """The part of a Message-ID that people copy."""
    return message_id.strip("<>").partition("@")[0]


def mails(url: str, business_date: date | None = None, states: Collection[str] = SEEN_BY_DEFAULT) -> list[Waiting]:
    """Mails in these states, of one date or of the outbox's newest; none when it is empty.

    Raises OutreachError when a state is not known.
    """
    unknown = sorted(set(states) - set(MESSAGE_STATES))
    if unknown:
        raise OutreachError(f"{unknown[0]!r} is no state of a mail.", f"Known: {', '.join(MESSAGE_STATES)}.")
    names = ", ".join(column.name for column in fields(Waiting))
    with connect(url, "mailer") as connection, connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            f"""
            SELECT {names} FROM store.message
            WHERE business_date = coalesce(%s, (SELECT max(business_date) FROM store.message)) AND state = ANY(%s)
            ORDER BY state, kind, recipient
            """,
            [business_date, list(states)],
        ).fetchall()


def earlier(url: str, business_date: date) -> dict[date, int]:
    """Dates of the weeks before with mails of which nobody has found out whether they arrived → how many."""
    with connect(url, "mailer") as connection:
        return dict(
            connection.execute(
                "SELECT business_date, count(*) FROM store.message WHERE state IN ('parked', 'unknown')"
                " AND business_date >= %s AND business_date < %s GROUP BY business_date ORDER BY business_date",
                [business_date - LOOK_BACK, business_date],
            ).fetchall()
        )


def actions(url: str, wanted: str | None = None) -> list[Done]:
    """What was done about one mail, or about all of them, in order."""
    names = ", ".join(column.name for column in fields(Done))
    with connect(url, "mailer") as connection:
        found = _find(connection, wanted).message_id if wanted else None
        with connection.cursor(row_factory=class_row(Done)) as cursor:
            return cursor.execute(
                f"""
                SELECT {names} FROM store.message_action WHERE message_id = coalesce(%s, message_id)
                ORDER BY decided_at, message_id, position
                """,
                [found],
            ).fetchall()


def release(
    url: str, lake: Path, wanted: str, *, by: str, reason: str | None = None, now: datetime | None = None
) -> Waiting:
    """Let a parked mail leave after all, in its window; one that may have arrived may then come twice.

    Raises OutreachError when it is not parked, has no content or no address, or its window is over; ReferralError when
    this person may not decide.
    """
    with connect(url, "mailer") as connection, connection.transaction():
        mail = _lock(connection, wanted)
        _expect(mail, ("parked",), "release")
        _decider(connection, lake, mail, by)
        _in_time(connection, mail, now)
        _complete(connection, mail)
        return _act(connection, mail, "released", by, reason, state="queued", error=f"released by {by}")


def release_held(url: str, lake: Path, business_date: date, *, by: str, reason: str | None = None) -> int:
    """Release all mails of a date that were held for being too many; returns how many. All other parked ones stay."""
    held = [mail for mail in mails(url, business_date, ("parked",)) if TOO_MANY in (mail.last_error or "")]
    for mail in held:
        release(url, lake, short(mail.message_id), by=by, reason=reason)
    return len(held)


def drop(url: str, lake: Path, wanted: str, *, by: str, reason: str) -> Waiting:
    """Decide that a mail does not leave, now or afresh for a newer run of its date.

    Raises OutreachError when it left, is on its way, or there is no reason; ReferralError when this person may not
    decide.
    """
    text = free_text(reason, "reason")
    if not text:
        raise OutreachError("Dropping a mail needs a reason.", "Say why, for those who read it later.")
    with connect(url, "mailer") as connection, connection.transaction():
        mail = _lock(connection, wanted)
        _expect(mail, _DROPPABLE, "drop")
        _decider(connection, lake, mail, by)
        in_doubt = mail.state == "unknown" or (mail.state == "parked" and mail.attempts > 0)
        error = f"dropped by {by}" + (", though it may have arrived" if in_doubt else "")
        return _act(connection, mail, "dropped", by, text, state="suppressed", error=error)


def retry(url: str, wanted: str, *, by: str, reason: str | None = None, now: datetime | None = None) -> Waiting:
    """Try a refused mail again, or one in doubt once more, after somebody mended the cause or asked the server's log.

    Raises OutreachError when the mail is in another state or its window is over.
    """
    with connect(url, "mailer") as connection, connection.transaction():
        mail = _lock(connection, wanted)
        _expect(mail, ("refused", "unknown"), "retry")
        _in_time(connection, mail, now)
        if mail.state == "unknown" and mail.kind not in MAY_COME_TWICE:
            raise OutreachError(f"A mail of kind {mail.kind} must not come twice.", "Drop it, with the reason.")
        state = "queued" if mail.state == "refused" else "unknown"
        return _act(connection, mail, "retried", by, reason, state=state, error=f"to be tried again, by {by}")


def _find(connection: psycopg.Connection[Any], wanted: str) -> Waiting:
    """The one mail whose id begins like this. Raises OutreachError when there is none, or more than one."""
    prefix = short(wanted.strip())
    if not _SHORT_ID.fullmatch(prefix):
        raise OutreachError(
            f"{wanted!r} is no id of a mail.", "`huikuan outbox list` shows them; eight characters are enough."
        )
    names = ", ".join(column.name for column in fields(Waiting))
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        found = cursor.execute(
            f"SELECT {names} FROM store.message WHERE starts_with(message_id, %s) LIMIT 2", [f"<{prefix}"]
        ).fetchall()
    if len(found) != 1:
        problem = "No mail has" if not found else "More than one mail has"
        raise OutreachError(f"{problem} an id that begins with {prefix}.", "`huikuan outbox list` shows the ids.")
    return found[0]


def _lock(connection: psycopg.Connection[Any], wanted: str) -> Waiting:
    """The mail as it stands, locked. Raises OutreachError while a sender looks at it."""
    found = _find(connection, wanted)
    names = ", ".join(column.name for column in fields(Waiting))
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        locked = cursor.execute(
            f"SELECT {names} FROM store.message WHERE message_id = %s FOR UPDATE SKIP LOCKED", [found.message_id]
        ).fetchone()
    if locked is None:
        raise OutreachError(f"A sender looks at mail {short(found.message_id)} right now.", "Ask again in a minute.")
    return locked


def _expect(mail: Waiting, states: Iterable[str], what: str) -> None:
    if mail.state not in states:
        raise OutreachError(
            f"Mail {short(mail.message_id)} is {mail.state}; {what} is for those that are {', '.join(states)}.",
            "`huikuan outbox list` shows where each mail stands.",
        )


def _in_time(connection: psycopg.Connection[Any], mail: Waiting, now: datetime | None) -> None:
    if (now or database_clock(connection)) > mail.not_after:
        raise OutreachError(
            f"The window of mail {short(mail.message_id)} ended at {mail.not_after:%Y-%m-%d %H:%M %Z}.",
            "A morning missed is made fresh: the next one's mail shows newer figures.",
        )


def _complete(connection: psycopg.Connection[Any], mail: Waiting) -> None:
    """Make sure that there is something to send, and somebody to send it to."""
    [(is_empty, address)] = connection.execute(
        "SELECT content = ''::bytea, address FROM store.message WHERE message_id = %s", [mail.message_id]
    ).fetchall()
    if is_empty:
        raise OutreachError(
            f"Mail {short(mail.message_id)} could not be rendered, so there is nothing to send.",
            "Mend what the log names, and run the night of this date again: it writes the mail afresh.",
        )
    if not is_address(address):
        raise OutreachError(
            f"Mail {short(mail.message_id)} has no address: what the ledger holds for {mail.recipient} is not one.",
            "Correct it in the ledger, and run the night of this date again: it writes the mail afresh.",
        )


def _decider(connection: psycopg.Connection[Any], lake: Path, mail: Waiting, by: str) -> None:
    """Whether this person may decide, by the ledger of the date's last run."""
    run = newest_run(connection, mail.business_date)
    if run is None:
        raise OutreachError(f"There is no run of {mail.business_date}.", "Restore the warehouse of this outbox.")
    decider(open_ledger(lake, run.run_id, run.snapshot_id), by)


def _act(
    connection: psycopg.Connection[Any],
    mail: Waiting,
    action: str,
    by: str,
    reason: str | None,
    *,
    state: str,
    error: str | None,
) -> Waiting:
    """Change the mail and write down who did it; returns the mail as it was."""
    connection.execute(
        "UPDATE store.message SET state = %s, last_error = %s WHERE message_id = %s", [state, error, mail.message_id]
    )
    write_down(connection, mail, action, by, free_text(reason, "reason") if reason else None, state)
    return mail


def write_down(
    connection: psycopg.Connection[Any], mail: Waiting, action: str, by: str, reason: str | None, state: str
) -> None:
    """Append a row about a mail that is locked."""
    connection.execute(
        """
        INSERT INTO store.message_action (
            message_id, position, business_date, action, decided_by, reason, state_before, state_after, error_before,
            decided_at
        )
        SELECT %(id)s, count(*) + 1, %(date)s, %(action)s, %(by)s, %(reason)s, %(before)s, %(after)s, %(error)s,
            clock_timestamp()
        FROM store.message_action WHERE message_id = %(id)s
        """,
        {
            "id": mail.message_id,
            "date": mail.business_date,
            "action": action,
            "by": by,
            "reason": reason,
            "before": mail.state,
            "after": state,
            "error": mail.last_error,
        },
    )
