"""Writing the outbox: all mails of one business date in one transaction, each once, frozen as it will be sent."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from huikuan.errors import OutreachError
from huikuan.outreach.message import Mail, compose, is_address
from huikuan.outreach.rows import Night, Run, newest_run, read_night
from huikuan.outreach.worklists import (
    DataOwnerReport,
    Escalation,
    Worklist,
    check_scope,
    data_owner_reports,
    digests,
    escalations,
    listed,
)
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.wording import reader_locale

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """A worklist with the state in which its mail enters the outbox."""

    worklist: Worklist
    state: str
    because: str | None


def write_messages(
    url: str, lake: Path, business_date: date, policy: OutreachPolicy, *, written_at: datetime | None = None
) -> dict[str, int]:
    """Write the mails of one business date into the outbox and return how many entered each state.

    A mail that was written stays as it is, whatever a later run of the same date finds; only one that was suppressed
    and never tried is made fresh, so that a night repaired at eight still reaches its readers. ``written_at`` becomes
    the Date header; None takes the time of the database.

    Raises OutreachError when the date has no run or its files are missing, InvariantError when a mail would show an
    account outside its reader's scope. Nothing is written then.
    """
    with connect(url, "mailer") as reading:
        run = newest_run(reading, business_date)
        if run is None:
            raise OutreachError(
                f"There is no run of {business_date}, so there is nothing to write about.",
                "Run the night of this business date first.",
            )
        night = read_night(reading, lake, run)
        moment = written_at or database_time(reading)
    with step(url, business_date, "outbox", inputs=f"{run.run_id} {run.status}") as attempt:
        if attempt.already_done:
            return {str(state): int(n) for state, n in (attempt.result or {}).items()}
        mails = [(plan, compose(plan.worklist, policy, moment)) for plan in plan_mails(night, policy)]
        counts: dict[str, int] = {}
        with connect(url, "mailer") as connection:
            attempt.guard(connection)
            for plan, mail in mails:
                if insert(connection, run, plan, mail, policy.window(business_date), moment):
                    counts[plan.state] = counts.get(plan.state, 0) + 1
            attempt.finish(counts, connection)
            connection.commit()
    log.info("outbox of %s, run %s: %s", business_date, run.run_id, counts or "nothing new")
    return counts


def plan_mails(night: Night, policy: OutreachPolicy) -> list[Plan]:
    """Every mail of the night with its first state; a pure function of rows and policy."""
    published = night.run.status == "published"
    lists: list[Worklist] = [*digests(night), *escalations(night)] if published else []
    for worklist in lists:
        check_scope(worklist, night)
    plans = [first_state(worklist, night.run, policy) for worklist in lists]
    held_back = too_many(plans, policy)
    if held_back:
        plans = park(plans, held_back)
    parked = sum(plan.because == held_back for plan in plans) if held_back else 0
    languages = {
        rep_id: "zh" if reader_locale(reader.locale) == "zh_CN" else "en" for rep_id, reader in night.readers.items()
    }
    reports = data_owner_reports(night, languages, parked)
    return plans + [first_state(report, night.run, policy) for report in reports]


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
    queued = [plan for plan in plans if plan.state == "queued"]
    urgent = [plan for plan in queued if isinstance(plan.worklist, Escalation) and listed(plan.worklist)]
    if len(queued) > policy.max_mails:
        return f"{len(queued)} mails in one night, the policy allows {policy.max_mails}"
    if policy.max_escalations is not None and len(urgent) > policy.max_escalations:
        return f"{len(urgent)} escalations in one night, the policy allows {policy.max_escalations}"
    return None


def insert(
    connection: psycopg.Connection[Any],
    run: Run,
    plan: Plan,
    mail: Mail,
    window: tuple[datetime, datetime],
    moment: datetime,
) -> bool:
    """Write one mail that may leave within ``window``; returns whether it entered the outbox.

    The place of a mail that was written before is taken only while that one was never tried: when it was suppressed,
    or when it asks for an approval that a newer run of the date has made void.
    """
    not_before, not_after = window
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
        "state": plan.state,
        "attempts": 0,
        "token": 0,
        "last_error": plan.because,
        "created_at": moment,
        "not_before": not_before,
        "not_after": not_after,
    }
    names = ", ".join(values)
    fresh = ", ".join(f"{name} = excluded.{name}" for name in values)
    result = connection.execute(
        f"""
        INSERT INTO store.message AS old ({names}) VALUES ({", ".join(f"%({name})s" for name in values)})
        ON CONFLICT ON CONSTRAINT message_once DO UPDATE SET {fresh}
        WHERE old.attempts = 0 AND excluded.state <> 'suppressed' AND (
            old.state = 'suppressed'
            OR (
                old.kind IN ('approval', 'approval_reminder') AND old.run_id IS DISTINCT FROM excluded.run_id
                AND old.state IN ('queued', 'deferred', 'parked', 'expired')
            )
        )
        """,
        values,
    )
    return result.rowcount == 1


def database_time(connection: psycopg.Connection[Any]) -> datetime:
    """Now, by the database's clock, in whole seconds."""
    [(moment,)] = connection.execute("SELECT date_trunc('second', now())").fetchall()
    return moment  # type: ignore[no-any-return]
