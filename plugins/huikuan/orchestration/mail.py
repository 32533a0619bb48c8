"""The morning's two steps and the operator's alerts: which mail server, which clock, and when a morning is over."""

from __future__ import annotations

import logging
from datetime import date
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huikuan.errors import OutreachError
from huikuan.orchestration import connections

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from huikuan.orchestration.run import Run
    from huikuan.outreach import SmtpServer, Transport
    from huikuan.policy.outreach import OutreachPolicy
    from huikuan.settings import Settings

log = logging.getLogger(__name__)

SSL_PORT = 465
STARTTLS_PORT = 587


def write(run: Run) -> dict[str, int]:
    """Write the mails of the run's business date into the outbox; returns how many entered each state."""
    from airflow.sdk.configuration import conf

    from huikuan.night.steps import prepare
    from huikuan.outreach import write_messages

    return write_messages(
        prepare(run.settings),
        run.settings.lake,
        run.business_date,
        run.policy.outreach,
        base_url=conf.get("api", "base_url", fallback=None),
    )


def send(run: Run, *, month_end: bool = False) -> tuple[bool, dict[str, Any]]:
    """Send what is due; returns whether the morning is over, and the number of mails in each state.

    It is over when the outbox says that no mail waits: for its window, for a second try, or, until the window closes,
    for a person who may release it. Each mail has the window of its reader's company, so a morning ends where the last
    of them closes: for New York, the next day in Shanghai. Mails of a past date expire at once. Files contact nobody,
    so without a mail server each is written as of the moment at which its own window opens. Several DAGs send mails of
    one date, and share them. Statements, and the question whether they may leave, can wait for days: only the
    ``month_end`` waits for them. Who has to know of a mail that did not arrive is told at the end.
    """
    from huikuan.night.steps import prepare
    from huikuan.outreach import tell

    policy, lake = run.policy.outreach, run.settings.lake
    way = transport(run.settings, policy)
    url = prepare(run.settings)
    is_workday = run.policy.calendars.is_workday if way.leaves_the_house else None
    result = _send_once(run, url, way)
    if attention := result.get("attention"):
        log.warning("A person has to look at these mails: %s", attention)
    if tell(url, lake, run.business_date, policy, is_workday=is_workday, **_clock(run, way)):
        result = _send_once(run, url, transport(run.settings, policy))
    states: dict[str, int] = result.get("states", {})
    waiting = result["waiting"] - (0 if month_end else result["month_end"])
    is_over = not waiting and not (way.leaves_the_house and result["held"])
    return is_over, states


def _send_once(run: Run, url: str, way: Transport) -> dict[str, Any]:
    from huikuan.outreach import send_messages

    settings, policy = run.settings, run.policy
    return send_messages(
        url,
        settings.lake,
        run.business_date,
        way,
        policy.outreach,
        environment=settings.environment,
        is_workday=policy.calendars.is_workday,
        may_get_statement=policy.finance.statements.may_receive,
        **_clock(run, way),
    )


def _clock(run: Run, way: Transport) -> dict[str, Any]:
    """What time it is, for sending and telling: the real time, or where mails are files, when their windows open."""
    if way.leaves_the_house:
        return {}
    return {"now": run.policy.outreach.window(run.business_date)[0], "at_opening": True}


def transport(settings: Settings, policy: OutreachPolicy) -> Transport:
    """SMTP where the connection huikuan_smtp exists, else a folder of files."""
    from huikuan.outreach import EmlFolder, Smtp

    connection = connections.smtp()
    return Smtp(_server(connection, policy.sender)) if connection else EmlFolder(settings.mail)


def send_alert(day: date, address: str, subject: str, text: str) -> bool:
    """Mail an operator, outside the outbox: the outbox may be what is broken. False when there is no mail server."""
    from huikuan.outreach import Smtp
    from huikuan.outreach.transport import Outgoing
    from huikuan.policy import load_policy, policy_in_force

    connection = connections.smtp()
    if connection is None:
        return False
    policy = load_policy(policy_in_force(connections.settings().policies, day)).outreach
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = policy.sender, address, f"[Huikuan] {subject}"
    message["Auto-Submitted"], message["Message-ID"] = "auto-generated", make_msgid(domain=policy.domain)
    message.set_content(text)
    way = Smtp(_server(connection, policy.sender))
    try:
        mail = Outgoing(message["Message-ID"], day, "alert", "operator", address, message.as_bytes())
        way.prepare(mail)
        way.deliver(mail)
    finally:
        way.close()
    return True


def _server(connection: Connection, sender: str) -> SmtpServer:
    """The mail server of an Airflow connection: host, port, login, password; extras ``security``, ``cafile`` and
    ``mails_per_session``.
    """
    from huikuan.outreach import SmtpServer

    if not connection.host:
        raise OutreachError(
            f"The connection {connection.conn_id} names no host.", "Give it the mail server's host, port and login."
        )
    extra = connection.extra_dejson
    port = connection.port or STARTTLS_PORT
    cafile = extra.get("cafile")
    return SmtpServer(
        host=connection.host,
        port=port,
        sender=sender,
        security=extra.get("security") or ("ssl" if port == SSL_PORT else "starttls"),
        user=connection.login or None,
        password=connection.password or None,
        cafile=Path(cafile) if cafile else None,
        mails_per_session=int(extra.get("mails_per_session") or 100),
    )
