"""Sending what the outbox holds: one sender per business date, one mail at a time, each fate recorded before the next.

queued ──▶ sending ──▶ sent │ deferred (tried again later) │ refused │ unknown
A mail is marked ``sending`` before its bytes leave. So a mail found in that state at the start was left behind by a
sender that died, and nobody knows whether it arrived: a digest or a report is handed over once more, the same bytes
under the same Message-ID, and so is what asks for an approval; an escalation, and anything that a customer gets, is
parked for a person.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.rows import class_row

from huikuan.errors import OutreachError
from huikuan.outreach.rows import Reader, newest_run, newest_snapshot, read_readers
from huikuan.outreach.transport import (
    DeferredError,
    LostError,
    Outgoing,
    RefusedError,
    Transport,
    UnansweredError,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import Step, step

log = logging.getLogger(__name__)

WAITING = ("queued", "deferred", "sending")
ATTENTION = ("parked", "refused", "unknown", "sending")
_ONCE_MORE = "handed over once more after silence"
"""Stands in last_error while a mail is on its second try, so that a second silence ends it."""
_MAY_COME_TWICE = ("digest", "data_owner", "approval", "approval_reminder")
_SECOND_CHANCE = f"(state = 'unknown' AND kind IN {_MAY_COME_TWICE} AND last_error IS DISTINCT FROM '{_ONCE_MORE}')"
_APPROVALS = ("approval", "approval_reminder")


@dataclass(frozen=True)
class _Claim:
    """A mail that this sender has locked."""

    message_id: str
    business_date: date
    run_id: str | None
    kind: str
    recipient: str
    address: str
    content: bytes
    content_hash: str
    state: str
    last_error: str | None


@dataclass(frozen=True)
class _Fate:
    """New state of a mail, why, and whether it has to wait before it is tried again."""

    state: str
    reason: str | None = None
    wait: bool = False


@dataclass(frozen=True)
class _Sender:
    """One run of the sender."""

    connection: psycopg.Connection[Any]
    attempt: Step
    transport: Transport
    policy: OutreachPolicy
    readers: dict[str, list[Reader]]
    now: datetime | None

    def moment(self) -> datetime:
        """The given moment, or the database's."""
        if self.now is not None:
            return self.now
        [(moment,)] = self.connection.execute("SELECT now()").fetchall()
        return moment  # type: ignore[no-any-return]


def send_messages(
    url: str,
    lake: Path,
    business_date: date,
    transport: Transport,
    policy: OutreachPolicy,
    *,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Hand over every mail of the date that is due, and return what became of all of them.

    The result holds ``sent_now``; ``waiting``, the number of mails that another run of the sender may still settle;
    the number of mails per state in ``states``; and under ``attention`` the message_ids that a person has to look at.
    ``now`` replaces the database's clock in tests and replays.

    Raises FenceError when another sender is at work, OutreachError when the transport cannot be used at all; mails
    that were not handed over then wait in the outbox.
    """
    with connect(url, "mailer") as connection:
        waiting = _waiting(connection, business_date, now)
        connection.rollback()
        inputs = hashlib.sha256(repr(waiting).encode()).hexdigest()
        # With something waiting the step is not done, even when the same was waiting before it was finished the last
        # time: a mail may have been released by a person since, or written later.
        with step(url, business_date, "send", inputs=inputs, redo=bool(waiting)) as attempt:
            if attempt.already_done:
                return attempt.result or {}
            sender = _Sender(connection, attempt, transport, policy, _readers(lake, business_date), now)
            try:
                _settle_orphans(sender)
                _expire(sender)
                sent = _send_all(sender)
            finally:
                transport.close()
            return _close(sender, sent)


def _waiting(connection: psycopg.Connection[Any], business_date: date, now: datetime | None) -> list[tuple[str, int]]:
    """(message_id, attempts) of the mails that are not settled, those in doubt included while their window lasts."""
    return connection.execute(
        f"""
        SELECT message_id, attempts FROM store.message
        WHERE business_date = %s AND (state = ANY(%s) OR ({_SECOND_CHANCE} AND not_after >= coalesce(%s, now())))
        ORDER BY message_id
        """,
        [business_date, list(WAITING), now],
    ).fetchall()


def _readers(lake: Path, business_date: date) -> dict[str, list[Reader]]:
    """Who the newest snapshot of the date knows, by rep_id; several rows when the ledger holds a duplicate key."""
    folder = newest_snapshot(lake, business_date)
    if folder is None:
        raise OutreachError(
            f"The lake holds no snapshot of {business_date}, so nobody's address can be checked.",
            "Point HUIKUAN_LAKE at the lake of the night.",
        )
    readers: dict[str, list[Reader]] = {}
    with duckdb.connect() as duck:
        for reader in read_readers(duck, folder, None):
            readers.setdefault(reader.rep_id, []).append(reader)
    return readers


def _settle_orphans(sender: _Sender) -> None:
    """Mails that a dead sender left on their way become ``unknown``; those that must not arrive twice are parked."""
    with sender.connection.transaction():
        sender.attempt.guard(sender.connection)
        sender.connection.execute(
            """
            UPDATE store.message
            SET state = CASE WHEN kind = ANY(%(twice)s) THEN 'unknown' ELSE 'parked' END,
                last_error = CASE
                    WHEN kind <> ALL(%(twice)s) THEN 'the sender died while handing it over: it may have arrived'
                    WHEN last_error = %(once_more)s THEN last_error
                    ELSE 'the sender died while handing it over' END
            WHERE business_date = %(date)s AND state = 'sending' AND token < %(token)s
            """,
            {
                "twice": list(_MAY_COME_TWICE),
                "once_more": _ONCE_MORE,
                "date": sender.attempt.business_date,
                "token": sender.attempt.token,
            },
        )


def _expire(sender: _Sender) -> None:
    """A morning missed is not made up for: tomorrow's mail is fresh."""
    with sender.connection.transaction():
        sender.attempt.guard(sender.connection)
        sender.connection.execute(
            """
            UPDATE store.message SET state = 'expired', last_error = 'not sent before the end of its window'
            WHERE business_date = %s AND state IN ('queued', 'deferred') AND not_after < %s
            """,
            [sender.attempt.business_date, sender.moment()],
        )


def _send_all(sender: _Sender) -> int:
    """Try each due mail once; returns how many were accepted."""
    sent = 0
    tried: list[str] = []
    while (fate := _send_next(sender, tried)) is not None:
        sent += fate == "sent"
    return sent


def _send_next(sender: _Sender, tried: list[str]) -> str | None:
    """Take the next due mail that this run has not tried; returns its new state, None when there is none left."""
    with sender.connection.transaction():
        claim = _claim(sender, tried)
        if claim is None:
            return None
        tried.append(claim.message_id)
        obstacle = _obstacle(sender, claim)
        if obstacle:
            return _record(sender, claim, obstacle)
        mail = Outgoing(
            claim.message_id, claim.business_date, claim.kind, claim.recipient, claim.address, claim.content
        )
        try:
            sender.transport.prepare(mail)
        except (DeferredError, RefusedError, LostError) as error:
            return _record(sender, claim, _fate(claim, error))
        _record(sender, claim, _Fate("sending", _ONCE_MORE if claim.state == "unknown" else None))
    try:
        sender.transport.deliver(mail)
        fate = _Fate("sent")
    except (DeferredError, RefusedError, LostError, UnansweredError) as error:
        fate = _fate(claim, error)
    with sender.connection.transaction():
        return _record(sender, claim, fate)


def _claim(sender: _Sender, tried: list[str]) -> _Claim | None:
    """Lock the next mail: what people decide by first, then the lists; none before or after its window."""
    with sender.connection.cursor(row_factory=class_row(_Claim)) as cursor:
        return cursor.execute(
            f"""
            SELECT message_id, business_date, run_id, kind, recipient, address, content, content_hash, state, last_error
            FROM store.message
            WHERE business_date = %(date)s AND (state IN ('queued', 'deferred') OR {_SECOND_CHANCE})
              AND not_before <= %(now)s AND not_after >= %(now)s AND message_id <> ALL(%(tried)s)
            ORDER BY array_position(%(order)s, kind), recipient
            LIMIT 1 FOR UPDATE SKIP LOCKED
            """,
            {
                "date": sender.attempt.business_date,
                "now": sender.moment(),
                "tried": tried,
                "order": ["data_owner", *_APPROVALS, "escalation", "digest"],
            },
        ).fetchone()


def _obstacle(sender: _Sender, claim: _Claim) -> _Fate | None:
    """Why the mail must not leave as things stand now, not as they stood when it was written; None when it may."""
    found = _hindered(sender, claim)
    if found and claim.state == "unknown":  # it may have arrived: never hide that
        return _Fate("unknown", f"not handed over once more: {found.reason}")
    return found


def _hindered(sender: _Sender, claim: _Claim) -> _Fate | None:
    run = newest_run(sender.connection, claim.business_date)
    readers = [reader for reader in sender.readers.get(claim.recipient, []) if reader.is_active]
    if hashlib.sha256(claim.content).hexdigest() != claim.content_hash:
        return _Fate("parked", "the content is not what was written")
    if run is None or run.is_backfill:
        return _Fate("suppressed", "back-fill: computed for the past, nobody is contacted")
    if claim.kind != "data_owner" and run.gate != "open":
        return _Fate("suppressed", f"gate {run.gate}: nobody is contacted")
    if claim.kind in _APPROVALS and not _asks_still(sender, claim):
        return _Fate("suppressed", "everything was answered meanwhile, or a newer run asks anew")
    if not readers:
        return _Fate("suppressed", "the recipient is no longer active")
    if not any(reader.email == claim.address for reader in readers):
        return _Fate("parked", "the recipient's address has changed since the mail was written")
    if not sender.policy.may_receive(claim.address):
        return _Fate("parked", "the address is outside our own domains")
    return None


def _asks_still(sender: _Sender, claim: _Claim) -> bool:
    """Whether the batch that the mail speaks of is of the run that readers see, and still lacks an answer."""
    row = sender.connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM collections.referral AS r
            INNER JOIN collections.last_run AS l ON r.business_date = l.business_date AND r.run_id = l.run_id
            WHERE r.business_date = %s AND r.run_id = %s AND r.approver_id = %s AND r.choice IS NULL
        )
        """,
        [claim.business_date, claim.run_id, claim.recipient],
    ).fetchone()
    return bool(row and row[0])


def _fate(claim: _Claim, error: Exception) -> _Fate:
    """What becomes of a mail whose hand-over failed."""
    in_doubt = claim.state == "unknown"  # an earlier try may have arrived
    if isinstance(error, RefusedError):
        return _Fate("refused", str(error))
    if isinstance(error, UnansweredError):
        reason = f"no answer after the mail was handed over ({error}): it may have arrived"
        if claim.kind not in _MAY_COME_TWICE:
            return _Fate("parked", reason)
        return _Fate("unknown", _ONCE_MORE if in_doubt else reason)
    wait = isinstance(error, DeferredError)
    if in_doubt:
        return _Fate("unknown", claim.last_error, wait)
    return _Fate("deferred" if wait else "queued", str(error), wait)


def _record(sender: _Sender, claim: _Claim, fate: _Fate) -> str:
    """Write the mail's new state, if this sender still holds the step; returns the state."""
    sender.attempt.guard(sender.connection)
    result = sender.connection.execute(
        """
        UPDATE store.message
        SET state = %(state)s, last_error = %(reason)s, token = %(token)s,
            attempts = attempts + (%(state)s = 'sending')::int,
            sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s ELSE sent_at END,
            not_before = CASE WHEN %(wait)s THEN %(now)s + %(wait_time)s ELSE not_before END
        WHERE message_id = %(id)s
        """,
        {
            "state": fate.state,
            "reason": fate.reason,
            "token": sender.attempt.token,
            "now": sender.moment(),
            "wait": fate.wait,
            "wait_time": sender.policy.retry_after,
            "id": claim.message_id,
        },
    )
    if result.rowcount != 1:
        raise OutreachError(
            f"Message {claim.message_id} has gone from the outbox.", "Nothing may delete there: look at who did."
        )
    if fate.state != "sending":
        log.info("%s %s%s", claim.message_id, fate.state, f": {fate.reason}" if fate.reason else "")
    return fate.state


def _close(sender: _Sender, sent: int) -> dict[str, Any]:
    """Count, and finish the step when nothing waits any more."""
    with sender.connection.transaction():
        rows = sender.connection.execute(
            "SELECT state, message_id FROM store.message WHERE business_date = %s ORDER BY state, message_id",
            [sender.attempt.business_date],
        ).fetchall()
        states: dict[str, int] = {}
        attention: dict[str, list[str]] = {}
        for state, message_id in rows:
            states[state] = states.get(state, 0) + 1
            if state in ATTENTION:
                attention.setdefault(state, []).append(message_id)
        waiting = len(_waiting(sender.connection, sender.attempt.business_date, sender.now))
        result = {"sent_now": sent, "waiting": waiting, "states": states, "attention": attention}
        if not waiting:
            sender.attempt.finish({**result, "sent_now": 0}, sender.connection)
    log.info("mails of %s: %d sent now, %s", sender.attempt.business_date, sent, states)
    return result
