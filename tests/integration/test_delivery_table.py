"""What becomes of a mail, case by case, at a real server: the table of docs/delivery.md is what this test finds.

``HUIKUAN_WRITE_DOCS=1`` writes the table anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from huikuan.errors import OutreachError
from huikuan.outreach import Smtp, SmtpServer, send_messages
from tests.mail_catcher import (
    IMPATIENT,
    PASSWORD,
    USER,
    Authority,
    Catcher,
    hang_up,
    mail_server,
    make_authority,
    silent,
)
from tests.outbox_samples import (
    DAY,
    MORNING,
    POLICY,
    empty,
    fill,
    lay_morning,
    rows,
    sender_process,
    wait_until_alone,
)

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"
BEGIN, END = "<!-- outcomes: written by tests/integration/test_delivery_table.py -->\n", "<!-- end of outcomes -->"
LIST, OTHER_LIST, ESCALATION, NOTICE = "rep.0@", "rep.1@", "chen@", "rep.2@"
MAILS = [("digest", "R-0000"), ("digest", "R-0001"), ("escalation", "M-CHEN"), ("notice", "R-0002")]
LATER = [
    timedelta(0),
    timedelta(minutes=14),
    *(timedelta(minutes=15 * n) for n in range(1, 5)),
    timedelta(hours=10, minutes=1),
]

Fault = Callable[[Any], str | None]


@dataclass(frozen=True)
class Case:
    """A fault that meets each mail but the second list, the first time that it comes as far as ``command``."""

    name: str
    command: str | None = None
    fault: Fault | None = None
    only: tuple[str, ...] = (LIST, ESCALATION, NOTICE)
    settings: dict[str, Any] | None = None
    host: str = "localhost"
    tls: bool = True
    lasts: bool = False
    """Whether it happens every time, not only the first."""
    kills: bool = False


def answer(text: str) -> Fault:
    return lambda _: text


CASES = [
    Case("accepts"),
    Case("greylists: 451 to RCPT TO, the first time", "RCPT", answer("451 later")),
    Case("refuses one recipient of several: 550 to RCPT TO", "RCPT", answer("550 unknown"), only=(LIST,), lasts=True),
    Case("refuses the content: 554 after DATA", "DATA", answer("554 spam"), lasts=True),
    Case("does not let us send: 550 to MAIL FROM, the first time", "MAIL", answer("550 not you")),
    Case("is full: 452 after DATA, the first time", "DATA", answer("452 disk full")),
    Case("leaves: 421 to the first MAIL FROM of a session", "MAIL", answer("421 bye"), only=(LIST, ESCALATION)),
    Case("hangs up before DATA", "RCPT", hang_up),
    Case("says nothing to RCPT TO (time-out)", "RCPT", silent, settings=IMPATIENT),
    Case("hangs up after DATA, has kept the mail", "KEPT", hang_up),
    Case("hangs up after DATA, has lost the mail", "DATA", hang_up),
    Case("says nothing after DATA (time-out), has kept the mail", "KEPT", silent, settings=IMPATIENT),
    Case("hangs up after DATA each time, has kept the mail", "KEPT", hang_up, lasts=True),
    Case("shows a certificate of an unknown CA", settings={"cafile": None}, lasts=True),
    Case("shows a certificate of another host", host="mail.elsewhere.test", lasts=True),
    Case("STARTTLS stripped on the way", tls=False, lasts=True),
    Case("refuses user or password", settings={"password": "wrong"}, lasts=True),
    Case("cannot be reached", settings={"port": 1}, lasts=True),
    Case("sender killed before DATA", "RCPT", kills=True),
    Case("sender killed between the server's 250 and our record", "KEPT", kills=True),
]


@pytest.fixture(scope="module")
def morning(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    lake = tmp_path_factory.mktemp("lake")
    return module_warehouse_url, lake, lay_morning(module_warehouse_url, lake).run_id


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def test_the_table_of_outcomes(morning: tuple[str, Path, str], authority: Authority) -> None:
    lines = [
        "| the server | a list: at once → in the end | copies"
        " | escalation, customer mail: at once → in the end | copies |",
        "|---|---|---:|---|---:|",
        *(outcome(case, morning, authority) for case in CASES),
    ]
    table = "\n".join(lines) + "\n"
    page = PAGE.read_text(encoding="utf-8")
    head, found, tail = page.partition(BEGIN)
    assert found
    rest = tail[tail.index(END) :]
    if os.environ.get("HUIKUAN_WRITE_DOCS"):
        PAGE.write_text(head + BEGIN + table + rest, encoding="utf-8")
    assert tail[: tail.index(END)] == table or os.environ.get("HUIKUAN_WRITE_DOCS")


def outcome(case: Case, morning: tuple[str, Path, str], authority: Authority) -> str:
    """One line of the table: runs of the sender over a day, and what stands in the outbox and at the server."""
    url, lake, run_id = morning
    empty(url)
    fill(url, MAILS, run_id)
    with ExitStack() as stack:
        context = authority.server_context(case.host) if case.tls else None
        catcher: Catcher = stack.enter_context(mail_server(context, login=case.tls))
        arm(case, catcher)
        first: dict[str, str] = {}
        if case.kills:
            first = kill_each(case, morning, catcher, authority)
        for later in LATER:
            attempts_before = len(catcher.commands)
            said = run_once(url, lake, way(case, catcher, authority), MORNING + later)
            first = first or {address: f"{state}{said}" for address, state in now_in(url).items()}
            if later == timedelta(minutes=14) and "deferred" in first[LIST]:
                assert len(catcher.commands) == attempts_before, "asked again within a quarter of an hour"
        copies = {address: sum(address in to for to in catcher.recipients) for address in first}
        assert len({*catcher.identities()}) == len({identity for identity, _ in catcher.identities()})
    last = now_in(url)
    if not case.lasts or case.only == (LIST,):
        assert (last[OTHER_LIST], catcher.recipients.count("rep.1@example.com")) == ("sent", 1)
    if NOTICE in case.only:
        assert all(of[ESCALATION] == of[NOTICE] for of in (first, last, copies))
    cells = [case.name, f"{first[LIST]} → {last[LIST]}", copies[LIST]]
    cells += [f"{first[ESCALATION]} → {last[ESCALATION]}", copies[ESCALATION]]
    return f"| {' | '.join(map(str, cells))} |"


def arm(case: Case, catcher: Catcher) -> None:
    """Let the fault happen to each mail that it is for."""
    met: set[str] = set()

    def fault(server: Any) -> str | None:
        who = next((address for address in case.only if server.recipient.startswith(address)), None)
        if case.fault is None or who is None or (who in met and not case.lasts):
            return None
        met.add(who)
        return case.fault(server)

    def note_sender(server: Any) -> str | None:  # at MAIL FROM nobody knows yet for whom: all mails in their order
        order = (ESCALATION, LIST, OTHER_LIST, NOTICE)
        server.recipient = order[len([c for c in catcher.commands if c == "MAIL"]) - 1 :][:1]
        server.recipient = server.recipient[0] if server.recipient else "again"
        return fault(server)

    if case.command:
        catcher.faults[case.command] = note_sender if case.command == "MAIL" else fault


def way(case: Case, catcher: Catcher, authority: Authority) -> Smtp:
    settings: dict[str, Any] = {"port": catcher.port, "user": USER, "password": PASSWORD, "cafile": authority.cafile}
    return Smtp(SmtpServer(host="localhost", sender=POLICY.sender, **(settings | (case.settings or {}))))


def run_once(url: str, lake: Path, transport: Smtp, now: datetime) -> str:
    """One run; returns a remark when there was no way out."""
    try:
        send_messages(url, lake, DAY, transport, POLICY, now=now, environment="production")
    except OutreachError:
        return " (error)"
    return ""


def kill_each(case: Case, morning: tuple[str, Path, str], catcher: Catcher, authority: Authority) -> dict[str, str]:
    """Kill -9 a sender at each of the mails that the case is for; returns the states in which it left them."""
    url, lake, _ = morning
    left = {}
    for victim in (ESCALATION, LIST, NOTICE):
        process = sender_process(url, lake, catcher.port, authority)

        def kill(server: Any, victim: str = victim, process: Any = process) -> str | None:
            if not server.recipient.startswith(victim):
                return None
            process.kill()
            process.wait()
            return "421 the client is dead"

        catcher.faults[case.command or ""] = kill
        process.communicate("go\n")
        assert process.returncode == -9
        wait_until_alone(url)
        left[victim] = now_in(url)[victim]
    catcher.faults.clear()
    return left


def now_in(url: str) -> dict[str, str]:
    """First part of the address → state."""
    return {f"{address.partition('@')[0]}@": state for address, state in rows(url, "address, state")}
