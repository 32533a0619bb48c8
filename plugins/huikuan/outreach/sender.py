"""Sending what the outbox holds: any number of senders share a date's mails, each fate recorded before the next mail.

queued ──▶ sending ──▶ sent │ deferred (tried again later) │ refused │ unknown
A sender locks one mail, looks whether it still may leave, names it to the server, and commits ``sending`` with its own
token before the bytes leave. The token's advisory lock lives as long as the sender's connection. So a mail that is
``sending`` under a token that nobody holds was left behind by a sender that died, and nobody knows whether it arrived:
a digest or a report is handed over once more, the same bytes under the same Message-ID and Date; an escalation, what
asks for an approval, and anything that a customer gets, is parked for a person.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from huikuan.errors import FenceError
from huikuan.outreach.eligibility import (
    APPROVALS,
    STATEMENT,
    STATEMENT_APPROVAL,
    Claim,
    Fate,
    Ground,
    IsWorkday,
    MayReceive,
    nobody,
    obstacle,
)
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
from huikuan.warehouse.fence import next_token

log = logging.getLogger(__name__)

WAITING = ("queued", "deferred", "sending")
HELD = ("parked", "refused", "unknown")
ATTENTION = (*HELD, "sending")
MAY_COME_TWICE = ("digest", "data_owner", "undelivered")
LOOK_BACK = timedelta(days=30)
"""So far back a mail is settled and told of although nobody works on its date any more. Longer than any holiday."""
_ONCE_MORE = "handed over once more after silence"
"""Begins last_error from the second try on, so that a second silence ends it."""
SECOND_CHANCE = (
    f"(state = 'unknown' AND kind IN {MAY_COME_TWICE} AND NOT coalesce(starts_with(last_error, '{_ONCE_MORE}'), false))"
)
_NOW = """CASE WHEN %(at_opening)s AND business_date = %(date)s THEN not_before
          ELSE coalesce(%(now)s::timestamptz, clock_timestamp()) END"""
_DUE = f"""business_date = %(date)s AND (state IN ('queued', 'deferred') OR {SECOND_CHANCE})
           AND not_before <= {_NOW} AND not_after >= {_NOW}"""
_ORDER = ["undelivered", "data_owner", *APPROVALS, STATEMENT_APPROVAL, "escalation", "digest", STATEMENT]
_CLAIM = ", ".join(column.name for column in fields(Claim) if column.name != "moment")


@dataclass(frozen=True)
class _Clock:
    """What time it is: ``now``, or the database's time; ``at_opening``: for each mail, when its window opens."""

    now: datetime | None
    at_opening: bool


def _moment(ground: Ground, clock: _Clock) -> dict[str, Any]:
    return {"date": ground.business_date, "now": clock.now, "at_opening": clock.at_opening}


@dataclass(frozen=True)
class _Sender:
    """One run of the sender."""

    connection: psycopg.Connection[Any]
    token: int
    transport: Transport
    ground: Ground
    clock: _Clock

    @property
    def scope(self) -> dict[str, Any]:
        """Values that every statement knows."""
        return {**_moment(self.ground, self.clock), "token": self.token}


def send_messages(
    url: str,
    lake: Path,
    business_date: date,
    transport: Transport,
    policy: OutreachPolicy,
    *,
    now: datetime | None = None,
    at_opening: bool = False,
    environment: str = "development",
    is_workday: IsWorkday | None = None,
    may_get_statement: MayReceive = nobody,
) -> dict[str, Any]:
    """Hand over every mail of the date that is due, and return what became of all of them.

    The result holds ``sent_now``; ``waiting``, the number of mails that another run of the sender, or another sender
    at work, may still settle, and ``month_end``, how many of them are statements or ask for their approval, which may
    take days; ``held``, the number of those that leave today if a person says so; the number of mails
    per state in ``states``; and under ``attention`` the message_ids that a person has to look at. Mails that an earlier
    date left behind are settled too, and not sent. ``now`` replaces the database's clock in tests and replays;
    ``at_opening`` takes each mail of the date as of the moment at which its own window opens, and leaves those of other
    dates. Unless ``environment`` is ``production``, what really leaves goes to the policy's allow-list only.
    ``is_workday`` says on which days of a calendar mails leave; None: on all. ``may_get_statement`` says which
    addresses of customers may get a statement.

    Raises OutreachError when the transport cannot be used at all, FenceError when somebody took a mail from this
    sender; mails that were not handed over then wait in the outbox.
    """
    ground = Ground(lake, business_date, policy, environment, transport.leaves_the_house, is_workday, may_get_statement)
    clock = _Clock(now, at_opening)
    with connect(url, "mailer", autocommit=True) as connection:
        _settle_orphans(connection, business_date)
        _expire(connection, ground, clock)
        if not _unsettled(connection, ground, clock)["waiting"]:
            return _close(connection, ground, clock, 0)
        sender = _Sender(connection, _enlist(connection, business_date), transport, ground, clock)
        try:
            sent = _send_all(sender)
        finally:
            transport.close()
        return _close(connection, ground, clock, sent)


def _unsettled(connection: psycopg.Connection[Any], ground: Ground, clock: _Clock) -> dict[str, int]:
    """How many mails may still leave: by themselves (``waiting``), or today, at a person's word (``held``).

    Today ends, for each of them, with the window of the business date in its own zone.
    """
    second_chance = f"({SECOND_CHANCE} AND not_after >= {_NOW})"
    zones = connection.execute(
        f"""
        SELECT
            timezone,
            count(*) FILTER (WHERE state IN {WAITING} OR {second_chance}),
            count(*) FILTER (WHERE state IN {WAITING} AND kind IN {(STATEMENT, STATEMENT_APPROVAL)}),
            count(*) FILTER (WHERE state IN {HELD} AND not_after >= {_NOW} AND NOT {second_chance})
        FROM store.message WHERE business_date = %(date)s GROUP BY timezone
        """,
        _moment(ground, clock),
    ).fetchall()
    moment = clock.now or database_clock(connection)
    closed = {zone for zone, *_ in zones if moment > ground.policy.window(ground.business_date, zone)[1]}
    return {
        "waiting": sum(waiting for _, waiting, _, _ in zones),
        "month_end": sum(later for _, _, later, _ in zones),
        "held": sum(held for zone, *_, held in zones if zone not in closed),
    }


def _enlist(connection: psycopg.Connection[Any], business_date: date) -> int:
    """A token of this sender's own, whose lock is held before anybody can see the token, and as long as we live.

    What the connection writes need not be on disk at once, ``sending`` apart: the server writes in order, so a mail's
    fate is on disk before the next mail's bytes leave. Were the server's machine to fail right after the last mail, its
    fate would be in doubt, and it would be treated so.
    """
    connection.execute("SET synchronous_commit = off")
    with connection.transaction():
        token = next_token(connection, business_date, "send", "outbox")
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [_lock_name(business_date, token)])
    return token


def _lock_name(business_date: date, token: int) -> str:
    return f"huikuan sender {business_date:%Y-%m-%d} {token}"


def _settle_orphans(connection: psycopg.Connection[Any], business_date: date) -> None:
    """Mails that a dead sender left on their way become ``unknown``; those that must not arrive twice are parked."""
    senders = connection.execute(
        "SELECT DISTINCT business_date, token FROM store.message"
        " WHERE business_date BETWEEN %s AND %s AND state = 'sending'",
        [business_date - LOOK_BACK, business_date],
    ).fetchall()
    for day, token in senders:
        with connection.transaction():
            [(is_dead,)] = connection.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_lock_name(day, token)]
            ).fetchall()
            if is_dead:
                _settle(connection, day, token)


def _settle(connection: psycopg.Connection[Any], day: date, dead: int) -> None:
    connection.execute(
        """
        UPDATE store.message
        SET state = CASE WHEN kind = ANY(%(twice)s) THEN 'unknown' ELSE 'parked' END,
            last_error = CASE
                WHEN kind <> ALL(%(twice)s) THEN 'the sender died while handing it over: it may have arrived'
                WHEN starts_with(last_error, %(once_more)s) THEN last_error
                ELSE 'the sender died while handing it over' END
        WHERE business_date = %(date)s AND state = 'sending' AND token = %(dead)s
        """,
        {"twice": list(MAY_COME_TWICE), "once_more": _ONCE_MORE, "date": day, "dead": dead},
    )


def _expire(connection: psycopg.Connection[Any], ground: Ground, clock: _Clock) -> None:
    """A morning missed is not made up for: tomorrow's mail is fresh. What was parked and never tried was missed too.

    Only the real clock ends other mornings: one that stands in for it tells the time of its own date alone.
    """
    connection.execute(
        f"""
        UPDATE store.message
        SET state = 'expired', last_error = concat_ws(': ', 'not sent before the end of its window', last_error)
        WHERE business_date BETWEEN %(since)s AND %(date)s AND (business_date = %(date)s OR NOT %(at_opening)s)
          AND not_after < {_NOW}
          AND (state IN ('queued', 'deferred') OR (state = 'parked' AND attempts = 0))
        """,
        {"since": ground.business_date - LOOK_BACK, **_moment(ground, clock)},
    )


def _send_all(sender: _Sender) -> int:
    """Try each due mail once, what people decide by first; returns how many were accepted."""
    due = sender.connection.execute(
        f"SELECT message_id FROM store.message WHERE {_DUE} ORDER BY array_position(%(order)s, kind), recipient",
        {"order": _ORDER, **sender.scope},
    ).fetchall()
    return sum(_send_one(sender, message_id) == "sent" for (message_id,) in due)


def _send_one(sender: _Sender, message_id: str) -> str | None:
    """Hand over one mail; returns its new state, None when another sender has it or had it."""
    with sender.connection.transaction():
        claim = _claim(sender, message_id)
        if claim is None:
            return None
        hindrance = obstacle(sender.connection, sender.ground, claim)
        if hindrance:
            return _record(sender, claim, hindrance)
        mail = Outgoing(
            claim.message_id, claim.business_date, claim.kind, claim.recipient, claim.address, claim.content
        )
        try:
            sender.transport.prepare(mail)
        except (DeferredError, RefusedError, LostError) as error:
            return _record(sender, claim, _fate(claim, error))
        # On disk before the bytes leave, and with it whatever became of the mails before: see _enlist.
        sender.connection.execute("SET LOCAL synchronous_commit = on")
        _record(sender, claim, Fate("sending", _ONCE_MORE if claim.state == "unknown" else None))
    try:
        sender.transport.deliver(mail)
        fate = Fate("sent")
    except (DeferredError, RefusedError, LostError, UnansweredError) as error:
        fate = _fate(claim, error)
    return _record(sender, claim, fate, left=True)


def _claim(sender: _Sender, message_id: str) -> Claim | None:
    """Lock a mail, unless it is no longer due or another sender looks at it right now."""
    with sender.connection.cursor(row_factory=class_row(Claim)) as cursor:
        return cursor.execute(
            f"SELECT {_CLAIM}, {_NOW} AS moment FROM store.message WHERE message_id = %(id)s AND {_DUE}"
            " FOR UPDATE SKIP LOCKED",
            {"id": message_id, **sender.scope},
        ).fetchone()


def _fate(claim: Claim, error: Exception) -> Fate:
    """What becomes of a mail whose hand-over failed. One that may have arrived before never looks as if it had not."""
    in_doubt = claim.state == "unknown"
    if isinstance(error, UnansweredError):
        reason = f"no answer after the mail was handed over ({error}): it may have arrived"
        if claim.kind not in MAY_COME_TWICE:
            return Fate("parked", reason)
        return Fate("unknown", f"{_ONCE_MORE}: {reason}" if in_doubt else reason)
    if isinstance(error, RefusedError):
        return Fate("unknown", f"{_ONCE_MORE}: {error}") if in_doubt else Fate("refused", str(error))
    wait = isinstance(error, DeferredError)
    if in_doubt:
        return Fate("unknown", claim.last_error, wait)
    return Fate("deferred" if wait else "queued", str(error), wait)


def _record(sender: _Sender, claim: Claim, fate: Fate, *, left: bool = False) -> str:
    """Write the mail's new state and return it. A mail that ``left`` must still be this sender's."""
    result = sender.connection.execute(
        f"""
        UPDATE store.message
        SET state = %(state)s, last_error = %(reason)s, token = %(token)s,
            attempts = attempts + (%(state)s = 'sending')::int,
            sent_at = CASE WHEN %(state)s = 'sent' THEN {_NOW} ELSE sent_at END,
            not_before = CASE
                WHEN %(until)s::timestamptz IS NOT NULL THEN %(until)s::timestamptz
                WHEN %(wait)s THEN {_NOW} + %(wait_time)s
                ELSE not_before END
        WHERE message_id = %(id)s AND (NOT %(left)s OR (state = 'sending' AND token = %(token)s))
        """,
        {
            "id": claim.message_id,
            "state": fate.state,
            "reason": fate.reason,
            "wait": fate.wait,
            "until": fate.until,
            "wait_time": sender.ground.policy.retry_after,
            "left": left,
            **sender.scope,
        },
    )
    if result.rowcount != 1:
        raise FenceError(
            f"Mail {claim.message_id} was taken over from this sender on its way; it would be {fate.state}.",
            "Nothing was recorded: the outbox says what became of it. Ask the mail server's log whether it arrived.",
        )
    if fate.state != "sending":
        log.info("%s %s%s", claim.message_id, fate.state, f": {fate.reason}" if fate.reason else "")
    return fate.state


def _close(connection: psycopg.Connection[Any], ground: Ground, clock: _Clock, sent: int) -> dict[str, Any]:
    """Count, and finish the step when nothing waits any more."""
    business_date = ground.business_date
    with connection.transaction():
        rows = connection.execute(
            "SELECT state, message_id FROM store.message WHERE business_date = %s ORDER BY state, message_id",
            [business_date],
        ).fetchall()
        states: dict[str, int] = {}
        attention: dict[str, list[str]] = {}
        for state, message_id in rows:
            states[state] = states.get(state, 0) + 1
            if state in ATTENTION:
                attention.setdefault(state, []).append(message_id)
        unsettled = _unsettled(connection, ground, clock)
        result = {"sent_now": sent, **unsettled, "states": states, "attention": attention}
        if not unsettled["waiting"]:
            connection.execute(
                "UPDATE store.run_step SET state = 'finished', finished_at = now(), result = %s"
                " WHERE business_date = %s AND step = 'send' AND state = 'running'",
                [Jsonb({**result, "sent_now": 0}), business_date],
            )
    log.info("mails of %s: %d sent now, %s", business_date, sent, states)
    return result


def database_clock(connection: psycopg.Connection[Any]) -> datetime:
    """Now, by the database's clock, within a transaction too."""
    [(moment,)] = connection.execute("SELECT clock_timestamp()").fetchall()
    return moment  # type: ignore[no-any-return]
