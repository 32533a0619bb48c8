"""Whatever breaks, every mail ends in a state that says what became of it; none is sent twice by our own doing."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huikuan.errors import OutreachError
from huikuan.outreach import Smtp, SmtpServer, send_messages
from huikuan.outreach.sender import MAY_COME_TWICE
from huikuan.outreach.transport import DeferredError, LostError, Outgoing, RefusedError, UnansweredError
from tests.mail_catcher import PASSWORD, USER, Authority, hang_up, mail_server, make_authority
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

MAILS = [("digest", "R-0000"), ("digest", "R-0001"), ("escalation", "M-CHEN"), ("data_owner", "F-WU")]
EVENING = POLICY.window(DAY)[1] + timedelta(minutes=1)
BEFORE = ("ok", "defer", "refuse", "lost", "no way out", "die")
AFTER = ("ok", "defer", "refuse", "lost", "silent and kept", "silent and lost", "die with it", "die without it")


class Killed(BaseException):
    """The process is gone: nothing that it would have done afterwards happens."""


class Unreliable:
    """A server that keeps what it accepts, and a network, which both do what a list says."""

    leaves_the_house = True

    def __init__(self, script: Iterator[tuple[str, str]], kept: Counter[str], doubtful: set[str]) -> None:
        self.script, self.kept, self.doubtful = script, kept, doubtful
        self.after = "ok"

    def prepare(self, mail: Outgoing) -> None:
        assert mail.content
        before, self.after = next(self.script, ("ok", "ok"))
        _fail(before)

    def deliver(self, mail: Outgoing) -> None:
        if self.after in {"ok", "silent and kept", "die with it"}:
            self.kept[mail.message_id] += 1
        if self.after not in {"ok", "defer", "refuse", "lost"}:
            self.doubtful.add(mail.message_id)
        _fail(self.after)

    def close(self) -> None:
        """Nothing to end."""


def _fail(how: str) -> None:
    if how == "defer":
        raise DeferredError("451")
    if how == "refuse":
        raise RefusedError("550")
    if how == "lost":
        raise LostError("reset")
    if how == "no way out":
        raise OutreachError("No server.", "Wait.")
    if how.startswith("silent"):
        raise UnansweredError("silence")
    if how.startswith("die"):
        raise Killed


@pytest.fixture(scope="module")
def morning(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    """URL, lake and run_id of a published night with forty reps."""
    lake = tmp_path_factory.mktemp("lake")
    return module_warehouse_url, lake, lay_morning(module_warehouse_url, lake, reps=40).run_id


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(BEFORE), st.sampled_from(AFTER)), max_size=14), st.integers(0, 40))
def test_random_faults(morning: tuple[str, Path, str], script: list[tuple[str, str]], minutes: int) -> None:
    """Runs every so many minutes until the evening; the faults are used up in the order in which mails are tried."""
    url, lake, run_id = morning
    empty(url)
    ids = fill(url, MAILS, run_id)
    kept: Counter[str] = Counter()
    doubtful: set[str] = set()
    faults = iter(script)
    now = MORNING
    for _ in range(len(script) + 2):
        run_once(url, lake, Unreliable(faults, kept, doubtful), now)
        now += timedelta(minutes=minutes)
    run_once(url, lake, Unreliable(iter([]), kept, doubtful), max(now, EVENING))
    check(url, ids, kept, doubtful)


def run_once(url: str, lake: Path, way: Any, now: datetime) -> None:
    """One run of the sender, which may find no way out or be killed."""
    try:
        send_messages(url, lake, DAY, way, POLICY, now=now, environment="production")
    except (OutreachError, Killed):
        return


def check(url: str, ids: list[str], kept: Counter[str], doubtful: set[str]) -> None:
    """What must hold when the day is over."""
    found = {row[0]: row[1:] for row in rows(url, "message_id, kind, state, attempts")}
    assert sorted(found) == sorted(ids)  # nothing is lost, nothing is made up
    for message_id, (kind, state, attempts) in found.items():
        times = kept[message_id]
        assert state in {"sent", "refused", "unknown", "parked", "expired"}, (kind, state)
        assert times <= attempts
        if message_id not in doubtful:
            assert times == (state == "sent"), (kind, state, times)
        elif kind in MAY_COME_TWICE:
            assert times <= 2
            assert state in {"sent", "unknown"}
            assert state != "sent" or times >= 1
        else:
            assert (state, times <= 1) == ("parked", True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize("seed", range(4))
def test_random_faults_of_a_real_server(morning: tuple[str, Path, str], authority: Authority, seed: int) -> None:
    """The same invariant over TLS, with answers of every kind at every command."""
    url, lake, run_id = morning
    empty(url)
    ids = fill(url, [("digest", f"R-{n:04}") for n in range(8)] + [("escalation", "M-CHEN")], run_id)
    choose = random.Random(seed)  # noqa: S311
    doubtful: set[str] = set()
    of_address = dict(rows(url, "address, message_id"))

    def fault(name: str, server: Any) -> str | None:
        if choose.random() > 0.15:
            return None
        if name == "KEPT":
            doubtful.add(of_address[server.recipient])
            return hang_up(server)
        how = choose.choice(["451 later", "421 bye", "hang up", *(["550 no"] if name == "RCPT" else [])])
        if how != "hang up":
            return how
        if name == "DATA":  # the whole mail has come, and we do not keep it: our side cannot know
            doubtful.add(of_address[server.recipient])
        return hang_up(server)

    with mail_server(authority.server_context()) as catcher:
        for name in ("RSET", "MAIL", "RCPT", "DATA", "KEPT"):
            catcher.faults[name] = lambda server, name=name: fault(name, server)
        server = SmtpServer(
            "localhost", catcher.port, POLICY.sender, user=USER, password=PASSWORD, cafile=authority.cafile
        )
        for hours in range(9):
            run_once(url, lake, Smtp(server), MORNING + timedelta(hours=hours))
        catcher.faults.clear()
        run_once(url, lake, Smtp(server), EVENING)
        kept = Counter(identity for identity, _ in catcher.identities())
        assert len({*catcher.identities()}) == len(kept)  # one Date for each Message-ID
    check(url, ids, kept, doubtful)


def test_two_processes_share_the_work_and_none_sends_twice(
    morning: tuple[str, Path, str], authority: Authority
) -> None:
    url, lake, run_id = morning
    empty(url)
    fill(url, [("digest", f"R-{n:04}") for n in range(40)], run_id)
    turns = threading.Barrier(2)  # a mail of each at a time: neither can be done before the other has come

    def in_turn(_: object) -> None:
        turns.wait()

    with mail_server(authority.server_context()) as catcher:
        catcher.faults["MAIL"] = in_turn
        both = [sender_process(url, lake, catcher.port, authority) for _ in range(2)]
        assert [process.stdout.readline() for process in both if process.stdout] == ["ready\n", "ready\n"]
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        sent = [int(process.communicate()[0]) for process in both]
    assert sent == [20, 20]
    assert catcher.logins == 2
    assert len(catcher.kept) == 40
    assert len({identity for identity, _ in catcher.identities()}) == 40
    assert set(rows(url, "state, attempts")) == {("sent", 1)}


def test_a_window_that_closes_while_the_sender_works(morning: tuple[str, Path, str]) -> None:
    """By the database's clock, mail by mail: what is not on its way by then stays, and expires."""
    url, lake, run_id = morning
    empty(url)
    times = {"not_before": datetime.now(UTC) - timedelta(hours=1), "not_after": datetime.now(UTC) + timedelta(hours=1)}
    fill(url, [("digest", f"R-{n:04}") for n in range(8)], run_id, **times)
    accepted: list[str] = []

    class ThirdTakesUntilTheEnd(Unreliable):
        def deliver(self, mail: Outgoing) -> None:
            accepted.append(mail.message_id)
            if len(accepted) == 3:
                with psycopg.connect(url) as connection:
                    connection.execute("UPDATE store.message SET not_after = clock_timestamp()")

    way = ThirdTakesUntilTheEnd(iter([]), Counter(), set())
    first = send_messages(url, lake, DAY, way, POLICY, environment="production")
    assert (first["states"], first["waiting"]) == ({"sent": 3, "queued": 5}, 5)
    then = send_messages(url, lake, DAY, way, POLICY, environment="production")
    assert then["states"] == {"sent": 3, "expired": 5}
    assert len(accepted) == 3


def test_a_living_sender_keeps_what_is_on_its_way(morning: tuple[str, Path, str]) -> None:
    """Its lock says that it lives, however long the server takes to answer; when it dies, the lock goes with it."""
    url, lake, run_id = morning
    empty(url)
    fill(url, [("escalation", "M-CHEN")], run_id, state="sending", token=7, attempts=1)
    nothing = Unreliable(iter([]), Counter(), set())
    with psycopg.connect(url) as living:
        living.execute("SELECT pg_advisory_lock(hashtextextended('huikuan sender 2026-03-02 7', 0))")
        result = send_messages(url, lake, DAY, nothing, POLICY, now=MORNING, environment="production")
        assert (result["states"], result["waiting"]) == ({"sending": 1}, 1)
    wait_until_alone(url)
    result = send_messages(url, lake, DAY, nothing, POLICY, now=MORNING, environment="production")
    assert (result["states"], result["waiting"]) == ({"parked": 1}, 0)
