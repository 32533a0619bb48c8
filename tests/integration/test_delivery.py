"""Mails over SMTP to a real server: encrypted, verified, each once, whatever breaks on the way."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.errors import OutreachError
from huikuan.outreach import Smtp, SmtpServer, send_messages, write_messages
from huikuan.warehouse.connect import connect
from tests.mail_catcher import (
    IMPATIENT_SECONDS,
    PASSWORD,
    USER,
    Authority,
    Catcher,
    hang_up,
    mail_server,
    make_authority,
    once,
    silent,
)
from tests.outbox_samples import wait_until_alone
from tests.outreach_samples import DAY, MORNING, POLICY, publish_night, sample_night

IN_ORDER = ["chen.jing@example.test", "anna.berg@example.test", "tom.idle@example.test", "li.wei@example.test"]
"""Escalations first, then digests by rep_id."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def lake(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    publish_night(module_warehouse_url, folder, sample_night())
    return folder


@pytest.fixture
def url(module_warehouse_url: str, lake: Path) -> str:
    """The warehouse with one escalation and three digests in the outbox."""
    with psycopg.connect(module_warehouse_url, autocommit=True) as connection:
        connection.execute("TRUNCATE store.message")
        connection.execute("DELETE FROM store.run_step WHERE step IN ('outbox', 'send')")
    assert write_messages(module_warehouse_url, lake, DAY, POLICY) == {"queued": 4}
    return module_warehouse_url


@pytest.fixture
def catcher(authority: Authority) -> Iterator[Catcher]:
    with mail_server(authority.server_context()) as running:
        yield running


def smtp(catcher: Catcher, authority: Authority, **changes: Any) -> Smtp:
    settings: dict[str, Any] = {
        "host": "localhost",
        "port": catcher.port,
        "sender": POLICY.sender,
        "user": USER,
        "password": PASSWORD,
        "cafile": authority.cafile,
    }
    return Smtp(SmtpServer(**(settings | changes)))


@pytest.fixture
def send(url: str, lake: Path, catcher: Catcher, authority: Authority) -> Callable[..., dict[str, Any]]:
    """Run the sender once; keyword arguments change the connection, ``later`` is the time since the morning."""

    def run(later: timedelta = timedelta(0), **changes: Any) -> dict[str, Any]:
        return send_messages(
            url, lake, DAY, smtp(catcher, authority, **changes), POLICY, now=MORNING + later, environment="production"
        )

    return run


def states(url: str) -> dict[str, str]:
    with connect(url, "auditor") as connection:
        return dict(connection.execute("SELECT recipient, state FROM store.message").fetchall())


def test_each_mail_once_over_one_verified_session(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    assert send()["states"] == {"sent": 4}
    assert catcher.recipients == IN_ORDER
    assert catcher.logins == 1
    assert send()["sent_now"] == 0
    assert len(catcher.kept) == 4


def test_the_server_gets_the_bytes_of_the_outbox(
    url: str, send: Callable[..., dict[str, Any]], catcher: Catcher
) -> None:
    send()
    with connect(url, "auditor") as connection:
        written = {bytes(row[0]) for row in connection.execute("SELECT content FROM store.message")}
    assert {content.removesuffix(b"\r\n") for content in catcher.kept} == {c.removesuffix(b"\r\n") for c in written}


def test_implicit_tls(url: str, lake: Path, authority: Authority) -> None:
    with mail_server(authority.server_context(), implicit=True) as catcher:
        transport = smtp(catcher, authority, security="ssl")
        assert send_messages(url, lake, DAY, transport, POLICY, now=MORNING, environment="production")["states"] == {
            "sent": 4
        }
        assert catcher.logins == 1


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_server_without_logins(url: str, lake: Path, authority: Authority, security: str) -> None:
    with mail_server(authority.server_context(), implicit=security == "ssl", login=False) as catcher:
        transport = smtp(catcher, authority, security=security, user=None, password=None)
        assert send_messages(url, lake, DAY, transport, POLICY, now=MORNING, environment="production")["states"] == {
            "sent": 4
        }


def test_certificate_of_an_unknown_ca(send: Callable[..., dict[str, Any]], catcher: Catcher, url: str) -> None:
    with pytest.raises(OutreachError, match="certificate that is not valid"):
        send(cafile=None)
    assert catcher.commands == []
    assert set(states(url).values()) == {"queued"}


@pytest.mark.parametrize("implicit", [False, True])
def test_certificate_of_another_host(url: str, lake: Path, authority: Authority, implicit: bool) -> None:
    with mail_server(authority.server_context("mail.elsewhere.test"), implicit=implicit) as catcher:
        transport = smtp(catcher, authority, security="ssl" if implicit else "starttls")
        with pytest.raises(OutreachError, match="certificate that is not valid"):
            send_messages(url, lake, DAY, transport, POLICY, now=MORNING, environment="production")
        assert (catcher.commands, catcher.logins) == ([], 0)


@pytest.mark.parametrize("login", [True, False])
def test_starttls_stripped_on_the_way(url: str, lake: Path, authority: Authority, login: bool) -> None:
    account = {} if login else {"user": None, "password": None}
    with mail_server(None, login=False) as catcher:
        with pytest.raises(OutreachError, match="STARTTLS"):
            send_messages(
                url, lake, DAY, smtp(catcher, authority, **account), POLICY, now=MORNING, environment="production"
            )
        assert catcher.commands == []
    assert set(states(url).values()) == {"queued"}


def test_wrong_password_names_no_secret(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    with pytest.raises(OutreachError, match="refuses user or password") as caught:
        send(password="a wrong secret")
    assert "a wrong secret" not in str(caught.value)
    assert catcher.commands == []


def test_no_password_is_an_error_and_never_a_question_on_the_terminal() -> None:
    with pytest.raises(OutreachError, match="user and no password"):
        Smtp(SmtpServer("localhost", 25, "a@example.test", user="u"))


def test_a_login_carries_ascii_only() -> None:
    """The protocol's own error would print the letter of the password."""
    for account in ({"user": "u", "password": "密码 secret"}, {"user": "发件", "password": "x"}):
        with pytest.raises(OutreachError, match="a letter that a login cannot carry") as caught:
            Smtp(SmtpServer("localhost", 25, "a@example.test", **account))
        assert "密" not in str(caught.value)


def test_a_ca_file_that_is_none(url: str, lake: Path, catcher: Catcher, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for cafile in (tmp_path / "nowhere.pem", tmp_path / "empty.pem"):
        way = smtp(catcher, authority, cafile=cafile)
        with pytest.raises(OutreachError, match=r"The CA file .* cannot be read"):
            send_messages(url, lake, DAY, way, POLICY, now=MORNING, environment="production")
    assert set(states(url).values()) == {"queued"}


def test_no_server(url: str, lake: Path) -> None:
    transport = Smtp(SmtpServer("127.0.0.1", 1, POLICY.sender))
    with pytest.raises(OutreachError, match="cannot be used"):
        send_messages(url, lake, DAY, transport, POLICY, now=MORNING, environment="production")
    assert set(states(url).values()) == {"queued"}


def test_password_is_in_no_repr() -> None:
    assert PASSWORD not in repr(SmtpServer("localhost", 25, "a@example.test", user=USER, password=PASSWORD))


def test_greylisted_for_a_quarter_of_an_hour(send: Callable[..., dict[str, Any]], catcher: Catcher, url: str) -> None:
    catcher.faults["RCPT"] = once(lambda _: "451 come back later")
    assert send()["states"] == {"deferred": 1, "sent": 3}
    assert states(url)["M-CHEN"] == "deferred"
    assert send(timedelta(minutes=14))["sent_now"] == 0
    assert send(timedelta(minutes=15))["states"] == {"sent": 4}
    assert sorted(catcher.recipients) == sorted(IN_ORDER)


def test_452_after_data_is_tried_again_later(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    catcher.faults["DATA"] = once(lambda _: "452 disk full")
    assert send()["states"] == {"deferred": 1, "sent": 3}
    assert send(timedelta(minutes=20))["states"] == {"sent": 4}
    assert sorted(catcher.recipients) == sorted(IN_ORDER)


def test_one_refused_recipient_stops_nobody_else(
    send: Callable[..., dict[str, Any]], catcher: Catcher, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's text repeats the address; neither log nor outbox keeps it."""
    caplog.set_level(logging.DEBUG)
    catcher.faults["RCPT"] = lambda server: (
        "550 <anna.berg@example.test> unknown" if "anna" in server.recipient else None
    )
    result = send()
    assert result["states"] == {"refused": 1, "sent": 3}
    assert states(url)["R-ANNA"] == "refused"
    assert len(result["attention"]["refused"]) == 1
    assert "550 to RCPT TO" in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("huikuan")]
    assert ours
    assert not [line for line in ours if "anna.berg" in line]
    assert send()["sent_now"] == 0


def test_content_refused_after_data(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    catcher.faults["DATA"] = once(lambda _: "554 looks like spam")
    assert send()["states"] == {"refused": 1, "sent": 3}


def test_a_mail_over_the_servers_limit_is_refused_and_stops_nobody_else(
    send: Callable[..., dict[str, Any]], catcher: Catcher, url: str
) -> None:
    """552 to what is too long, from a server that says SIZE; the others are well below."""
    catcher.faults["RCPT"] = lambda server: setattr(server, "data_size_limit", 10**6)
    with psycopg.connect(url) as connection:
        longer = "content || convert_to(repeat(E'x\\r\\n', 500000), 'UTF8')"
        connection.execute(f"UPDATE store.message SET content = {longer} WHERE recipient = 'R-LI'")
        connection.execute("UPDATE store.message SET content_hash = encode(sha256(content), 'hex')")
    assert send()["states"] == {"refused": 1, "sent": 3}
    assert states(url)["R-LI"] == "refused"


def test_a_server_that_lets_nobody_log_in_for_now_is_not_a_wrong_password(
    url: str, lake: Path, catcher: Catcher, authority: Authority
) -> None:
    catcher.login_answer = "454 4.7.0 later"
    with pytest.raises(OutreachError, match=r"cannot be used \(SMTPAuthenticationError 454\)"):
        send_messages(url, lake, DAY, smtp(catcher, authority), POLICY, now=MORNING, environment="production")
    assert set(states(url).values()) == {"queued"}


def test_the_goodbye_waits_no_longer_than_a_command(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    """Not as long as the answer to a mail may take."""
    released, heard = threading.Event(), threading.Event()

    def late(_: Any) -> str:
        released.wait(120)
        heard.set()
        return "221 bye"

    catcher.faults["QUIT"] = late
    assert send(command_timeout=IMPATIENT_SECONDS)["states"] == {"sent": 4}
    assert not heard.is_set()
    released.set()


def test_sender_refused_is_our_fault_and_waits(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    catcher.faults["MAIL"] = lambda _: "550 not allowed to send"
    assert send()["states"] == {"deferred": 4}
    catcher.faults.clear()
    assert send(timedelta(minutes=15))["states"] == {"sent": 4}


def test_421_is_a_farewell_and_a_new_session_goes_on(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    catcher.faults["MAIL"] = once(lambda _: "421 too many mails in one session", after=1)
    assert send()["states"] == {"sent": 4}
    assert catcher.logins == 2


def test_421_at_the_first_mail_of_a_session_is_about_more_than_the_session(
    send: Callable[..., dict[str, Any]], catcher: Catcher
) -> None:
    catcher.faults["MAIL"] = once(lambda _: "421 come back later")
    assert send()["states"] == {"deferred": 1, "sent": 3}
    assert send(timedelta(minutes=14))["sent_now"] == 0
    assert send(timedelta(minutes=15))["states"] == {"sent": 4}


def test_a_session_ends_after_so_many_mails(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    assert send(mails_per_session=1, reconnects=0)["states"] == {"sent": 4}
    assert catcher.logins == 4


def test_a_server_that_hangs_up_after_each_mail_still_gets_them_all(
    send: Callable[..., dict[str, Any]], catcher: Catcher
) -> None:
    """The budget is for losses in a row; each mail that was accepted fills it again."""
    calls = iter(range(100))
    catcher.faults["RSET"] = lambda server: hang_up(server) if next(calls) % 2 else None
    assert send(reconnects=1)["states"] == {"sent": 4}
    assert catcher.recipients == IN_ORDER


def test_outside_production_only_who_is_on_the_allow_list_gets_mail(
    url: str, lake: Path, catcher: Catcher, authority: Authority
) -> None:
    """By default nobody: an installation that forgot to say what it is contacts no one."""
    policy = POLICY.model_copy(update={"allow_list": ("Anna.Berg@example.test",)})
    way = smtp(catcher, authority)
    assert send_messages(url, lake, DAY, way, policy, now=MORNING)["states"] == {"sent": 1, "suppressed": 3}
    assert catcher.recipients == ["anna.berg@example.test"]
    with connect(url, "auditor") as connection:
        reasons = connection.execute("SELECT DISTINCT last_error FROM store.message WHERE state = 'suppressed'")
        assert reasons.fetchall() == [("environment development: the address is not on the allow-list",)]


@pytest.mark.parametrize("command", ["RSET", "MAIL", "RCPT"])
def test_a_connection_lost_before_data_costs_nothing(
    send: Callable[..., dict[str, Any]], catcher: Catcher, command: str
) -> None:
    catcher.faults[command] = once(hang_up, after=2)
    assert send()["states"] == {"sent": 4}
    assert catcher.recipients == IN_ORDER


def test_a_server_that_always_hangs_up_is_left_alone(
    send: Callable[..., dict[str, Any]], catcher: Catcher, url: str
) -> None:
    catcher.faults["MAIL"] = hang_up
    with pytest.raises(OutreachError, match="closed the connection 4 times"):
        send()
    assert catcher.logins == 4
    assert set(states(url).values()) == {"queued"}
    catcher.faults.clear()
    assert send()["states"] == {"sent": 4}


@pytest.mark.parametrize("fault", ["hangs up", "says nothing"])
def test_silence_after_the_final_dot(
    send: Callable[..., dict[str, Any]], catcher: Catcher, url: str, fault: str
) -> None:
    """The server has kept escalation and list and never says so: the list comes once more, the escalation never."""
    misbehave = hang_up if fault == "hangs up" else silent
    calls = iter(range(100))
    catcher.faults["KEPT"] = lambda server: misbehave(server) if next(calls) < 2 else None
    result = send(answer_timeout=IMPATIENT_SECONDS)
    assert result["states"] == {"parked": 1, "sent": 2, "unknown": 1}
    assert (states(url)["M-CHEN"], states(url)["R-ANNA"]) == ("parked", "unknown")
    assert send()["states"] == {"parked": 1, "sent": 3}
    assert catcher.recipients == [*IN_ORDER, "anna.berg@example.test"]
    assert len(set(catcher.identities())) == 4
    assert send()["sent_now"] == 0


def test_a_second_silence_is_the_last(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    catcher.faults["KEPT"] = lambda server: hang_up(server) if server.recipient.startswith("li.wei") else None
    assert send()["states"] == {"sent": 3, "unknown": 1}
    assert send()["states"] == {"sent": 3, "unknown": 1}
    result = send()
    assert result["states"] == {"sent": 3, "unknown": 1}
    assert len(result["attention"]["unknown"]) == 1
    assert catcher.recipients.count("li.wei@example.test") == 2


def test_deferred_on_the_second_try_stays_in_doubt(send: Callable[..., dict[str, Any]], catcher: Catcher) -> None:
    catcher.faults["KEPT"] = once(hang_up, after=3)
    first = send()
    assert (first["states"], first["waiting"]) == ({"sent": 3, "unknown": 1}, 1)
    catcher.faults["RCPT"] = once(lambda _: "451 later")
    assert send()["states"] == {"sent": 3, "unknown": 1}
    assert send(timedelta(minutes=14))["sent_now"] == 0
    assert send(timedelta(minutes=15))["states"] == {"sent": 4}


SENDER = """
import sys
from pathlib import Path
from huikuan.outreach import Smtp, SmtpServer, send_messages
from tests.mail_catcher import PASSWORD, USER
from tests.outbox_samples import wait_until_alone
from tests.outreach_samples import DAY, MORNING, POLICY
url, lake, port, cafile = sys.argv[1:]
server = SmtpServer("localhost", int(port), POLICY.sender, user=USER, password=PASSWORD, cafile=Path(cafile))
send_messages(url, Path(lake), DAY, Smtp(server), POLICY, now=MORNING, environment="production")
"""


class Victim:
    """The sender as a process of its own, for the server to kill in the middle of a command."""

    def __init__(self, url: str, lake: Path, catcher: Catcher, authority: Authority) -> None:
        arguments = [sys.executable, "-c", SENDER, url, str(lake), str(catcher.port), str(authority.cafile)]
        root = Path(__file__).parents[2]
        self.started = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.arguments, self.environment = arguments, {**os.environ, "PYTHONPATH": f"{root / 'plugins'}:{root}"}

    def run(self) -> int:
        """Start it, wait until it is dead, and return how it ended."""
        self.process = subprocess.Popen(self.arguments, env=self.environment)
        self.started.set()
        return self.process.wait()

    def kill(self, _: Any) -> str:
        """As a fault of the server: kill -9, and no answer that anybody hears."""
        self.started.wait()
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return "421 the client is dead"


@pytest.fixture
def victim(url: str, lake: Path, catcher: Catcher, authority: Authority) -> Victim:
    return Victim(url, lake, catcher, authority)


def kill_at(victim: Victim, catcher: Catcher, command: str, mail: int) -> None:
    """Kill -9 the sender when the server has got this command for mail number ``mail`` (from 1)."""
    catcher.faults[command] = once(victim.kill, after=mail - 1)
    assert victim.run() == -signal.SIGKILL
    catcher.faults.clear()
    wait_until_alone(victim.arguments[3])


@pytest.mark.parametrize(("command", "mail"), [("RSET", 3), ("MAIL", 1), ("MAIL", 2), ("RCPT", 4)])
def test_killed_before_data_each_mail_arrives_once(
    victim: Victim, catcher: Catcher, send: Callable[..., dict[str, Any]], command: str, mail: int
) -> None:
    """RSET of mail k is between mails: k − 1 is recorded, k has not begun."""
    kill_at(victim, catcher, command, mail)
    assert len(catcher.kept) == mail - 1
    assert send()["states"] == {"sent": 4}
    assert catcher.recipients == IN_ORDER


def test_killed_after_the_servers_250_a_digest_arrives_twice_with_one_identity(
    victim: Victim, catcher: Catcher, send: Callable[..., dict[str, Any]]
) -> None:
    kill_at(victim, catcher, "KEPT", 3)
    assert catcher.recipients == IN_ORDER[:3]
    result = send()
    assert (result["sent_now"], result["states"], result["attention"]) == (2, {"sent": 4}, {})
    assert sorted(catcher.recipients) == sorted([*IN_ORDER, IN_ORDER[2]])
    assert len(set(catcher.identities())) == 4
    assert len(set(catcher.kept)) == 4


def test_killed_after_the_servers_250_an_escalation_is_parked_and_reported(
    victim: Victim, catcher: Catcher, send: Callable[..., dict[str, Any]], url: str
) -> None:
    kill_at(victim, catcher, "KEPT", 1)
    result = send()
    assert (result["sent_now"], result["waiting"], result["states"]) == (3, 0, {"parked": 1, "sent": 3})
    assert catcher.recipients == IN_ORDER
    with connect(url, "auditor") as connection:
        [(message_id, reason)] = connection.execute(
            "SELECT message_id, last_error FROM store.message WHERE kind = 'escalation'"
        ).fetchall()
    assert result["attention"] == {"parked": [message_id]}
    assert "may have arrived" in reason
