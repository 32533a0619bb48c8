"""Writing the outbox: all mails of one business date in one transaction, each once, frozen as it will be sent."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import traceback
import uuid
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.types.json import Jsonb

from huikuan.errors import OutreachError
from huikuan.outreach.message import Mail, compose, is_address, kind_of
from huikuan.outreach.people import Window, groups, window_of
from huikuan.outreach.reading import newest_run, read_frame, read_rows
from huikuan.outreach.rows import Night, Run
from huikuan.outreach.sanctions import actions_page
from huikuan.outreach.worklists import (
    DataOwnerReport,
    Escalation,
    Worklist,
    check_scope,
    data_owner_reports,
    each_digest,
    each_escalation,
    listed,
    shown_accounts,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.wording import clean, reader_locale

log = logging.getLogger(__name__)

TOO_MANY = "in one night, the policy allows"
"""Stands in last_error of every mail that is held because there are too many."""
_CHUNK = 25
_GROUP = 500
"""People whose rows are read at a time."""
_WORTH_A_PROCESS = 100
"""Mails for which it pays to start one more process."""
_RECENT = timedelta(days=30)
_NIGHTS = (5, 10)
"""Nights with mails that make a median: at least, at most."""


@dataclass(frozen=True)
class Entry:
    """The state in which a mail enters the outbox, and why, where it is not queued."""

    state: str
    because: str | None = None


@dataclass(frozen=True)
class Plan:
    """A worklist with the state in which its mail enters the outbox."""

    worklist: Worklist
    state: str
    because: str | None

    @property
    def entry(self) -> Entry:
        """The mail's first state, and why."""
        return Entry(self.state, self.because)


def write_messages(
    url: str,
    lake: Path,
    business_date: date,
    policy: OutreachPolicy,
    *,
    base_url: str | None = None,
    written_at: datetime | None = None,
) -> dict[str, int]:
    """Write the mails of one business date into the outbox and return how many entered each state.

    A mail that was accepted, or may have been, stays as it is, whatever a later run of the same date finds. One that
    certainly was not is made fresh when the date has a newer run, so that a night repaired at eight still reaches its
    readers, with the newer figures. ``base_url`` is that of Airflow's UI, from settings; ``written_at`` becomes the
    Date header, None takes the time of the database.

    Raises OutreachError when the date has no run or its files are missing, InvariantError when a mail would show an
    account outside its reader's scope. Nothing is written then.
    """
    page = actions_page(base_url)
    with connect(url, "mailer") as reading:
        reading.isolation_level = IsolationLevel.REPEATABLE_READ  # team by team, and still one night
        run = newest_run(reading, business_date)
        if run is None:
            raise OutreachError(
                f"There is no run of {business_date}, so there is nothing to write about.",
                "Run the night of this business date first.",
            )
        frame = read_frame(reading, lake, run)
        moment = written_at or database_time(reading)
        with step(url, business_date, "outbox", inputs=f"{run.run_id} {run.status}") as attempt:
            if attempt.already_done:
                return {str(state): int(n) for state, n in (attempt.result or {}).items()}
            with connect(url, "mailer") as connection:
                attempt.guard(connection)
                counts = _write_all(connection, _each_list(reading, lake, frame, policy, page), frame, policy, moment)
                attempt.finish(counts, connection)
                connection.commit()
    log.info("outbox of %s, run %s: %s", business_date, run.run_id, counts or "nothing new")
    return counts


def _write_all(
    connection: psycopg.Connection[Any], plans: Iterable[Plan], frame: Night, policy: OutreachPolicy, moment: datetime
) -> dict[str, int]:
    """Write the mails as they are made, few of them in memory at a time; returns how many entered each state.

    Whether there are too many is known at the end: then those that would leave are parked, in the same transaction.
    """
    counts: Counter[str] = Counter()
    usual = usual_night(connection, frame.run.business_date)
    queued = urgent = 0
    entered: list[str] = []
    for plan, mail in composed(plans, policy, moment, workers=_workers(len(frame.readers))):
        queued += plan.state == "queued"
        urgent += _is_urgent(plan)
        if insert(connection, frame.run, plan.entry, mail, window_of(frame, plan.worklist.reader, policy), moment):
            counts[plan.state] += 1
            entered += [mail.message_id] if plan.state == "queued" else []
    held_back = over_bounds(queued, urgent, policy, usual)
    if held_back:
        connection.execute(
            "UPDATE store.message SET state = 'parked', last_error = %s WHERE message_id = ANY(%s)",
            [held_back, entered],
        )
        counts["queued"] -= len(entered)
        counts["parked"] += len(entered)
    for plan, mail in composed(_reports(frame, policy, queued if held_back else 0), policy, moment):
        if insert(connection, frame.run, plan.entry, mail, window_of(frame, plan.worklist.reader, policy), moment):
            counts[plan.state] += 1
    return dict(+counts)


def plan_mails(night: Night, policy: OutreachPolicy, page: str | None = None) -> list[Plan]:
    """Every mail of the night with its first state; a pure function of rows and policy.

    ``page``: where Airflow lists what waits for an answer, from settings.
    """
    plans = list(_lists(night, policy, page))
    held_back = too_many(plans, policy)
    if held_back:
        plans = park(plans, held_back)
    parked = sum(plan.because == held_back for plan in plans) if held_back else 0
    return plans + _reports(night, policy, parked)


def _each_list(
    connection: psycopg.Connection[Any], lake: Path, frame: Night, policy: OutreachPolicy, page: str | None
) -> Iterator[Plan]:
    """The lists of a published night, read and made team by team: a company of any size fits into memory."""
    for group in groups(frame, _GROUP) if frame.run.status == "published" else ():
        night = read_rows(connection, lake, frame, group.people)
        yield from _lists(night, policy, page, group.digests, group.escalations)


def _lists(
    night: Night,
    policy: OutreachPolicy,
    page: str | None,
    digests: Collection[str] | None = None,
    escalations: Collection[str] | None = None,
) -> Iterator[Plan]:
    """The lists of a published night for these people, one after the other; None: for everybody.

    Raises InvariantError at one that is out of scope.
    """
    lists: tuple[Iterator[Worklist], ...] = (each_digest(night, digests), each_escalation(night, page, escalations))
    for worklist in chain(*lists) if night.run.status == "published" else ():
        check_scope(worklist, night)
        yield first_state(worklist, night.run, policy)


def _reports(night: Night, policy: OutreachPolicy, parked: int) -> list[Plan]:
    """The data owners' reports, which say how many lists were parked."""
    languages = {
        rep_id: "zh" if reader_locale(reader.locale) == "zh_CN" else "en" for rep_id, reader in night.readers.items()
    }
    return [first_state(report, night.run, policy) for report in data_owner_reports(night, languages, parked)]


def _workers(mails: int) -> int:
    """Processes that pay for about so many mails: one per processor, none for a few."""
    return min(os.cpu_count() or 1, mails // _WORTH_A_PROCESS)


def composed(
    plans: Iterable[Plan], policy: OutreachPolicy, moment: datetime, *, workers: int = 0
) -> Iterator[tuple[Plan, Mail]]:
    """Each plan with its mail, in order; plans are taken as they are needed, and few mails are in memory at a time.

    With two ``workers`` or more, so many processes make the mails. A mail that cannot be rendered holds up nobody
    else's: it comes out empty, to be parked.
    """
    rest = iter(plans)
    chunks = iter(lambda: list(islice(rest, _CHUNK)), [])
    if workers < 2:
        for chunk in chunks:
            yield from _settled(chunk, _compose_chunk([plan.worklist for plan in chunk], policy, moment))
        return
    # A fresh interpreter each: a copy of this process would share its connections, and all of its memory.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        running: deque[tuple[Sequence[Plan], Future[list[Mail | None]]]] = deque()
        for chunk in chunks:
            running.append((chunk, pool.submit(_compose_chunk, [plan.worklist for plan in chunk], policy, moment)))
            if len(running) > 2 * workers:
                done, future = running.popleft()
                yield from _settled(done, future.result())
        for done, future in running:
            yield from _settled(done, future.result())


def _end_with_parent() -> None:
    """Let this process end when the one that it works for is gone, however that ended: nobody reads its results."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _compose_chunk(worklists: list[Worklist], policy: OutreachPolicy, moment: datetime) -> list[Mail | None]:
    """The mails of some worklists; None for one that cannot be rendered."""
    return [_compose_one(worklist, policy, moment) for worklist in worklists]


def _compose_one(worklist: Worklist, policy: OutreachPolicy, moment: datetime) -> Mail | None:
    try:
        return compose(worklist, policy, moment)
    except Exception as error:  # whatever a row can do to a template, it does to one mail
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"  # no text of the error: it may hold a customer's name
        log.error("the mail of %s is not rendered: %s in %s", worklist.reader.rep_id, type(error).__name__, where)
        return None


def _settled(plans: Sequence[Plan], mails: Sequence[Mail | None]) -> Iterator[tuple[Plan, Mail]]:
    for plan, mail in zip(plans, mails, strict=True):
        if mail is not None:
            yield plan, mail
        else:
            yield replace(plan, state="parked", because="it could not be rendered: the log says why"), empty(plan)


def empty(plan: Plan) -> Mail:
    """The place of a mail that could not be rendered. It has no content, so it never leaves."""
    worklist = plan.worklist
    reader, kind = worklist.reader, kind_of(worklist)
    about = f"{worklist.truth.business_date}|{kind}|{reader.rep_id}|{worklist.truth.run_id}|empty"
    message_id = f"<{uuid.uuid5(uuid.NAMESPACE_URL, about)}@localhost>"
    return Mail(message_id, kind, reader.rep_id, clean(reader.email), "–", b"", shown_accounts(worklist))


def first_state(worklist: Worklist, run: Run, policy: OutreachPolicy) -> Plan:
    """In which state a mail enters the outbox: queued, unless something speaks against it."""
    address = worklist.reader.email
    if run.is_backfill:
        return Plan(worklist, "suppressed", "back-fill: computed for the past, nobody is contacted")
    if run.gate != "open" and not isinstance(worklist, DataOwnerReport):
        return Plan(worklist, "suppressed", f"gate {run.gate}: nobody is contacted")
    if not is_address(address):
        return Plan(worklist, "parked", "the address in the ledger is not one mail address")
    if not policy.may_receive(address):
        return Plan(worklist, "parked", "the address is outside our own domains")
    return Plan(worklist, "queued", None)


def park(plans: list[Plan], because: str) -> list[Plan]:
    """The same mails, none of which leaves before a person has looked."""
    return [Plan(plan.worklist, "parked", because) if plan.state == "queued" else plan for plan in plans]


def too_many(plans: list[Plan], policy: OutreachPolicy) -> str | None:
    """Why all mails are held back, or None."""
    return over_bounds(sum(plan.state == "queued" for plan in plans), sum(map(_is_urgent, plans)), policy)


def _is_urgent(plan: Plan) -> bool:
    """Whether it would leave and asks a manager for something."""
    return plan.state == "queued" and isinstance(plan.worklist, Escalation) and bool(listed(plan.worklist))


def usual_night(connection: psycopg.Connection[Any], business_date: date) -> tuple[int, int] | None:
    """Medians of recent nights: mails, and escalations with rows among them; None when there were too few nights."""
    return connection.execute(
        """
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY mails), percentile_disc(0.5) WITHIN GROUP (ORDER BY urgent)
        FROM (
            SELECT count(*) AS mails, count(*) FILTER (WHERE kind = 'escalation' AND accounts <> '[]') AS urgent
            FROM store.message
            WHERE business_date >= %(since)s AND business_date < %(date)s
              AND kind IN ('digest', 'escalation') AND state <> 'suppressed'
            GROUP BY business_date ORDER BY business_date DESC LIMIT %(most)s
        ) AS night
        HAVING count(*) >= %(least)s
        """,
        {"since": business_date - _RECENT, "date": business_date, "least": _NIGHTS[0], "most": _NIGHTS[1]},
    ).fetchone()


def over_bounds(queued: int, urgent: int, policy: OutreachPolicy, usual: tuple[int, int] | None = None) -> str | None:
    """Which bound of the policy so many mails, and so many escalations among them, are over; None: none."""
    for number, name, median in zip((queued, urgent), ("mails", "escalations"), usual or (), strict=False):
        bound = max(policy.max_times_usual * median, policy.never_too_many)
        if number > bound:
            return f"{number} {name} {TOO_MANY} {bound}: {policy.max_times_usual} times the usual {median}"
    if queued > policy.max_mails:
        return f"{queued} mails {TOO_MANY} {policy.max_mails}"
    if policy.max_escalations is not None and urgent > policy.max_escalations:
        return f"{urgent} escalations {TOO_MANY} {policy.max_escalations}"
    return None


def insert(
    connection: psycopg.Connection[Any],
    run: Run,
    entry: Entry,
    mail: Mail,
    window: Window,
    moment: datetime,
    *,
    again: bool = False,
) -> bool:
    """Write one mail that may leave within ``window``; returns whether it entered the outbox.

    The place of a mail that was written before is taken only while that one certainly was not accepted, and nobody
    dropped it: when it was suppressed, or when it shows an earlier run of the date. ``again``: also one of the same run
    whose window passed, or that was parked and never tried; for mails that no next morning makes afresh.
    """
    values = {
        "message_id": mail.message_id,
        "business_date": run.business_date,
        "run_id": run.run_id if run.status == "published" else None,
        "kind": mail.kind,
        "recipient": mail.recipient,
        "address": mail.address,
        "subject": mail.subject,
        "content": mail.content,
        "content_hash": hashlib.sha256(mail.content).hexdigest(),
        "accounts": Jsonb(mail.accounts),
        "state": entry.state,
        "attempts": 0,
        "token": 0,
        "last_error": entry.because,
        "created_at": moment,
        "not_before": window.first,
        "not_after": window.last,
        "timezone": window.zone,
    }
    names = ", ".join(values)
    fresh = ", ".join(f"{name} = excluded.{name}" for name in values)
    result = connection.execute(
        f"""
        INSERT INTO store.message AS old ({names}) VALUES ({", ".join(f"%({name})s" for name in values)})
        ON CONFLICT ON CONSTRAINT message_once DO UPDATE SET {fresh}
        WHERE excluded.state <> 'suppressed' AND (
            old.state = 'suppressed'
            OR (
                old.run_id IS DISTINCT FROM excluded.run_id
                AND (old.state IN ('queued', 'deferred', 'refused', 'expired')
                     OR (old.state = 'parked' AND old.attempts = 0))
            )
            OR (%(again)s AND (old.state = 'expired' OR (old.state = 'parked' AND old.attempts = 0)))
        ) AND NOT EXISTS (
            SELECT FROM store.message_action AS a WHERE a.message_id = old.message_id AND a.action = 'dropped'
        )
        """,
        {**values, "again": again},
    )
    return result.rowcount == 1


def database_time(connection: psycopg.Connection[Any]) -> datetime:
    """Now, by the database's clock, in whole seconds."""
    [(moment,)] = connection.execute("SELECT date_trunc('second', now())").fetchall()
    return moment  # type: ignore[no-any-return]
