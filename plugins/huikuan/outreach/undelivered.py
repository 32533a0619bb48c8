"""Telling a person, once, which mails did not arrive: the manager above, or the data owner where an address is wrong.

The report is a mail of the outbox like any other. A mail is told of when it is parked, refused, in doubt for good, or
expired; ``store.message_action`` remembers it. What goes wrong after the day's report stands in the next morning's.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from email import policy as email_policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from huikuan.outreach.attention import Waiting, short, write_down
from huikuan.outreach.eligibility import Ground, IsWorkday, day_of_rest, reader_id
from huikuan.outreach.message import is_address
from huikuan.outreach.outbox import TOO_MANY
from huikuan.outreach.people import Window, window_of
from huikuan.outreach.reading import newest_run, read_charges
from huikuan.outreach.reasons import explained
from huikuan.outreach.rows import Night, Reader, Run
from huikuan.outreach.sender import LOOK_BACK, SECOND_CHANCE, database_clock
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import connect
from huikuan.wording import clean

log = logging.getLogger(__name__)

_MOST_LINES = 50
_STATES = {
    "parked": "暂停，等人决定 held for a person",
    "refused": "被对方服务器拒收 refused by the server",
    "unknown": "无法确认是否送达 may or may not have arrived",
    "expired": "已过发送时段 its window is over",
}
_KINDS = {
    "digest": "任务清单 task list",
    "escalation": "主管邮件 manager's mail",
    "approval": "审批请求 approval request",
    "approval_reminder": "审批提醒 approval reminder",
    "data_owner": "数据报告 data report",
    "notice": "客户函件 customer notice",
    "statement": "对账函 statement of account",
    "undelivered": "未送达报告 report of this kind",
}


def tell(
    url: str,
    lake: Path,
    business_date: date,
    policy: OutreachPolicy,
    *,
    now: datetime | None = None,
    at_opening: bool = False,
    is_workday: IsWorkday | None = None,
) -> int:
    """Write reports on the mails that nobody was told of yet; returns how many reports entered the outbox.

    Nothing is written to a reader while mails of the date are still to be handed over that leave no later than the
    report would, after the reader's window, in a back-fill, on a day on which nobody works, or when nobody can be told:
    then the log says so. ``now`` and ``at_opening`` as for the sender. Raises OutreachError when the date has no
    snapshot.
    """
    ground = Ground(lake, business_date, policy, is_workday=is_workday)
    with connect(url, "mailer") as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('huikuan undelivered', 0))")
        moment = (now or database_clock(connection)).replace(microsecond=0)
        run = newest_run(connection, business_date)
        if run is None or run.is_backfill or not (untold := _untold(connection, business_date, moment)):
            return 0
        night = _readers(connection, ground, run)
        waiting = _first_that_waits(connection, business_date)
        reports = [
            (reader, told, window_of(night, reader, policy), moment)
            for reader, told in _addressees(untold, ground.people().readers, policy)
        ]
        if at_opening:
            reports = [(reader, told, window, window.first) for reader, told, window, _ in reports]
        written = 0
        for reader, told, window, at in reports:
            if not _may_be_told(ground, window, at, waiting):
                continue
            if _insert(connection, reader, told, run, policy, window, at):
                written += 1
                for mail in told:
                    write_down(connection, mail, "told", "huikuan", reader.rep_id, mail.state)
        if not reports:
            log.warning("%d mails did not arrive, and nobody can be told", len(untold))
        return written


def _readers(connection: psycopg.Connection[Any], ground: Ground, run: Run) -> Night:
    """Who is in charge of what, and in which zone: as much of the night as a report's window needs."""
    people = ground.people()
    readers = {rep_id: found[0] for rep_id, found in people.readers.items()}
    return Night(run, readers=readers, companies=people.companies, charges=read_charges(connection, run))


def _first_that_waits(connection: psycopg.Connection[Any], business_date: date) -> datetime | None:
    """When the first mail of the date may leave that is still to be handed over; None when all were."""
    [(moment,)] = connection.execute(
        "SELECT min(not_before) FROM store.message"
        " WHERE business_date = %s AND kind <> 'undelivered' AND state IN ('queued', 'sending')",
        [business_date],
    ).fetchall()
    return moment  # type: ignore[no-any-return]


def _may_be_told(ground: Ground, window: Window, at: datetime, waiting: datetime | None) -> bool:
    """Whether a reader gets the day's one report now: not before the mails that leave until then are settled."""
    if at > window.last or (waiting is not None and waiting <= max(at, window.first)):
        return False
    return day_of_rest(ground, ground.policy.local_day(at, window.zone)) is None


def _untold(connection: psycopg.Connection[Any], business_date: date, moment: datetime) -> list[Waiting]:
    """Mails of the last weeks in a state that ends nowhere, locked.

    One that a person let go and that failed again is told of again.
    """
    names = ", ".join(column.name for column in fields(Waiting))
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            f"""
            SELECT {names} FROM store.message AS m
            WHERE business_date BETWEEN %(from)s AND %(date)s
              AND (state IN ('parked', 'refused', 'expired')
                   OR (state = 'unknown' AND (NOT {SECOND_CHANCE} OR not_after < %(now)s)))
              AND 'told' IS DISTINCT FROM (
                  SELECT action FROM store.message_action AS a WHERE a.message_id = m.message_id
                  ORDER BY position DESC LIMIT 1
              )
            ORDER BY business_date, state, kind, recipient
            FOR UPDATE OF m SKIP LOCKED
            """,
            {"from": business_date - LOOK_BACK, "date": business_date, "now": moment},
        ).fetchall()


def _addressees(
    untold: Iterable[Waiting], people: Mapping[str, list[Reader]], policy: OutreachPolicy
) -> list[tuple[Reader, list[Waiting]]]:
    """Who is told of what."""
    everybody = [reader for readers in people.values() for reader in readers]
    able = {
        reader.rep_id: reader
        for reader in everybody
        if reader.is_active and is_address(reader.email) and policy.may_receive(reader.email)
    }
    owners = [reader for rep_id, reader in sorted(able.items()) if reader.role == "finance"]
    told: dict[str, list[Waiting]] = {}
    for mail in untold:
        recipient = reader_id(mail.kind, mail.recipient)
        manager_ids = {reader.manager_id for reader in people.get(recipient, []) if reader.manager_id}
        managers = [able[rep_id] for rep_id in sorted(manager_ids) if rep_id in able]
        others = [owner for owner in owners if owner.rep_id != recipient]
        for reader in (others or managers if _is_about_data(mail) else managers or others)[:1]:
            told.setdefault(reader.rep_id, []).append(mail)
    return [(able[rep_id], told[rep_id]) for rep_id in sorted(told)]


def _is_about_data(mail: Waiting) -> bool:
    """Whether the cause lies with us, and not with what became of the mail outside: address, content, too many."""
    return mail.state == "refused" or (mail.state == "parked" and not mail.attempts)


def _insert(
    connection: psycopg.Connection[Any],
    reader: Reader,
    told: list[Waiting],
    run: Run,
    policy: OutreachPolicy,
    window: Window,
    moment: datetime,
) -> bool:
    """Write one report; False when this reader's report of the date is written already."""
    about = f"{run.business_date}|undelivered|{reader.rep_id}|{moment.isoformat()}"
    identity = uuid.uuid5(uuid.NAMESPACE_URL, about)
    message = _report(reader, told, policy, moment, f"<{identity}@{policy.domain}>")
    content = message.as_bytes()
    values = {
        "message_id": message["Message-ID"],
        "business_date": run.business_date,
        "run_id": run.run_id,
        "kind": "undelivered",
        "recipient": reader.rep_id,
        "address": reader.email,
        "subject": str(message["Subject"]),
        "content": content,
        "content_hash": hashlib.sha256(content).hexdigest(),
        "accounts": "[]",
        "state": "queued",
        "attempts": 0,
        "token": 0,
        "created_at": moment,
        "not_before": window.first,
        "not_after": window.last,
        "timezone": window.zone,
    }
    done = connection.execute(
        f"INSERT INTO store.message ({', '.join(values)}) VALUES ({', '.join(f'%({name})s' for name in values)})"
        " ON CONFLICT ON CONSTRAINT message_once DO NOTHING",
        values,
    )
    return done.rowcount == 1


def _report(
    reader: Reader, told: list[Waiting], policy: OutreachPolicy, moment: datetime, message_id: str
) -> EmailMessage:
    """Plain text in both languages: ids, kinds and reasons; no customer, no amount."""
    message = EmailMessage(policy=email_policy.SMTP)
    message["From"] = Address(display_name=policy.sender_name, addr_spec=policy.sender)
    message["To"] = Address(addr_spec=reader.email)
    message["Subject"] = f"{len(told)} 封邮件未送达 · {len(told)} mails did not arrive".replace(" ", "\u00a0")
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    lines = [line for mail in told[:_MOST_LINES] for line in _lines(mail)]
    if len(told) > _MOST_LINES:
        lines += [f"… 另有 and {len(told) - _MOST_LINES} more: python -m huikuan outbox list", ""]
    crowds = sorted({mail.business_date for mail in told if TOO_MANY in (mail.last_error or "")})
    text = [
        "以下邮件没有自行送达，需要您处理。每封邮件只通知一次。",
        "These mails did not arrive by themselves and need you. You are told of each once.",
        "",
        *lines,
        "放行 let it leave:     python -m huikuan outbox release ID --as REP",
        *(f"全部放行 let all leave: python -m huikuan outbox release --held-on {day} --as REP" for day in crowds),
        "放弃 do not send it:   python -m huikuan outbox drop ID --as REP --reason …",
        "重试 try again:        python -m huikuan outbox retry ID",
        "地址有误时请在总账中更正，次日邮件即用新地址。",
        "Where an address is wrong, correct it in the ledger: the next morning's mail takes the new one.",
    ]
    message.set_content("\n".join(text), cte="base64")
    return message


def _lines(mail: Waiting) -> list[str]:
    return [
        f"{mail.business_date}  {_KINDS.get(mail.kind, mail.kind)}  →  {clean(mail.recipient)}",
        f"    {_STATES.get(mail.state, mail.state)}",
        f"    {clean(explained(mail.last_error), 300)}",
        f"    ID {short(mail.message_id)}",
        "",
    ]
