"""The sender's task without a scheduler: what it tells people, and whom it may reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from huikuan.errors import OutreachError
from huikuan.orchestration import alerts, mail
from huikuan.orchestration.run import Run
from huikuan.outreach import attention
from huikuan.outreach.transport import Outgoing
from huikuan.policy.outreach import OutreachPolicy
from huikuan.settings import Settings
from tests.outbox_samples import DAY, fill, lay_morning, rows

pytestmark = pytest.mark.airflow


class Open:
    """A way out that takes everything."""

    leaves_the_house = True

    def __init__(self) -> None:
        self.sent: list[str] = []

    def prepare(self, mail: Outgoing) -> None:
        """Nothing to do."""

    def deliver(self, mail: Outgoing) -> None:
        self.sent.append(mail.recipient)

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def run(warehouse_url: str, tmp_path: Path) -> Run:
    """A morning with one list that is fine and one that is parked."""
    lake = tmp_path / "lake"
    night = lay_morning(warehouse_url, lake)
    fill(warehouse_url, [("digest", "R-0000")], night.run_id)
    fill(
        warehouse_url,
        [("digest", "R-0001")],
        night.run_id,
        state="parked",
        last_error="it may have arrived",
        attempts=1,
    )
    settings = Settings(home=tmp_path, lake=lake, mail=tmp_path / "mail", warehouse_url=warehouse_url)
    return Run(DAY, {}, settings, False)


def test_the_task_tells_the_manager_once(run: Run) -> None:
    """Files stand in for the server, so it is done as of the moment at which the window opens."""
    assert mail.send(run) == (True, {"parked": 1, "sent": 2})
    assert mail.send(run) == (True, {"parked": 1, "sent": 2})
    folder = run.settings.mail / f"{DAY}"
    assert sorted(path.name for path in folder.iterdir()) == ["digest-R-0000.eml", "undelivered-M-CHEN.eml"]


def test_files_for_new_york_are_written_with_those_for_shanghai(run: Run) -> None:
    """No moment lies in both windows."""
    url, zone = str(run.settings.warehouse_url), "America/New_York"
    not_before, not_after = run.policy.outreach.window(DAY, zone)
    [(run_id,)] = rows(url, "run_id", "recipient = 'R-0000'")
    fill(url, [("digest", "R-0002")], run_id, timezone=zone, not_before=not_before, not_after=not_after)
    assert mail.send(run) == (True, {"parked": 1, "sent": 3})
    assert rows(url, "sent_at", "recipient = 'R-0002'") == [(not_before,)]


def test_the_morning_is_not_over_before_new_york_s(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shanghai's mail has left; New York's waits for its window."""
    way, url = Open(), str(run.settings.warehouse_url)
    monkeypatch.setattr(mail, "transport", lambda *_: way)
    monkeypatch.setattr("huikuan.policy.calendar.Calendars.is_workday", lambda *_: True)
    _execute(url, "DELETE FROM store.message WHERE state = 'parked'")
    [(run_id,)] = rows(url, "run_id", "recipient = 'R-0000'")
    fill(url, [("digest", "R-0002")], run_id, timezone="America/New_York")
    _execute(url, "UPDATE store.message SET not_before = now() - interval '1 h', not_after = now() + interval '1 h'")
    later = "SET not_before = now() + interval '1 h', not_after = now() + interval '9 h' WHERE recipient = 'R-0002'"
    _execute(url, f"UPDATE store.message {later}")
    here = replace(run, settings=replace(run.settings, environment="production"))
    assert mail.send(here) == (False, {"queued": 1, "sent": 1})
    _execute(url, "UPDATE store.message SET not_before = now() - interval '1 h' WHERE recipient = 'R-0002'")
    assert mail.send(here) == (True, {"sent": 2})


def test_files_of_a_later_date_end_no_other_morning(run: Run) -> None:
    """Runs of several dates may write files at the same time, and the clock of each is its own."""
    later = replace(run, business_date=DAY + timedelta(days=1))
    mail.send(later)
    assert mail.send(run) == (True, {"parked": 1, "sent": 2})


@pytest.mark.parametrize(("environment", "reached"), [("development", []), ("", []), ("production", ["R-0000"])])
def test_the_installation_says_whom_mail_may_reach(
    run: Run, monkeypatch: pytest.MonkeyPatch, environment: str, reached: list[str]
) -> None:
    """The shipped allow-list names reserved domains; without one nobody is reached outside production."""
    way = Open()
    url = str(run.settings.warehouse_url)
    bounds = run.policy.outreach.model_copy(update={"allow_list": ()})
    monkeypatch.setattr(mail, "transport", lambda *_: way)
    monkeypatch.setattr("huikuan.policy.calendar.Calendars.is_workday", lambda *_: True)  # whatever day it is
    monkeypatch.setattr(Run, "policy", run.policy.model_copy(update={"outreach": bounds}))
    fill_until = "UPDATE store.message SET not_after = now() + interval '1 day', not_before = now() - interval '1 day'"
    _execute(url, fill_until)
    mail.send(replace(run, settings=replace(run.settings, environment=environment)))
    assert way.sent == reached
    assert rows(url, "state", "recipient = 'R-0000'") == [("sent" if reached else "suppressed",)]


def test_the_sender_comes_back_for_what_a_person_lets_go(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """At twenty to eight a manager releases what was parked at half past seven: it leaves, once, at the next look."""
    way = Open()
    url = str(run.settings.warehouse_url)
    monkeypatch.setattr(mail, "transport", lambda *_: way)
    monkeypatch.setattr("huikuan.policy.calendar.Calendars.is_workday", lambda *_: True)
    bounds = run.policy.outreach.model_copy(update={"send_until": time(23, 59, 59), "send_from": time(0)})
    window = bounds.window(bounds.local_day(datetime.now(UTC)))
    monkeypatch.setattr(OutreachPolicy, "window", lambda *_: window)
    _execute(
        url, "UPDATE store.message SET not_after = now() + interval '1 hour', not_before = now() - interval '1 day'"
    )
    here = replace(run, settings=replace(run.settings, environment="production"))
    assert mail.send(here)[0] is False
    [parked] = attention.mails(url, DAY, ("parked",))
    attention.release(url, run.settings.lake, parked.message_id, by="M-BOSS")
    assert mail.send(here) == (True, {"sent": 3})
    assert mail.send(here) == (True, {"sent": 3})
    assert sorted(way.sent) == ["M-CHEN", "R-0000", "R-0001"]


@pytest.mark.parametrize(("tries", "told"), [(1, 0), (4, 1), (5, 1), (64, 3), (256, 4)])
def test_a_mail_server_that_stays_down_is_said_now_and_then(
    tries: int, told: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task goes on until the last window has closed; an alarm each time would be nobody's alarm."""
    monkeypatch.delenv(alerts.OPS_MAIL, raising=False)
    for number in range(1, tries + 1):
        task = SimpleNamespace(dag_id="collections_outreach", task_id="send", try_number=number)
        run = SimpleNamespace(run_id="r", partition_key=f"{DAY}", run_after=datetime.now(UTC))
        alerts.task_fails_again({"ti": task, "dag_run": run, "exception": OutreachError("No server.", "Wait.")})
    lines = [record.getMessage() for record in caplog.records if "ALERT" in record.getMessage()]
    assert len(lines) == told
    assert all("fails and is tried again" in line and "No server." in line for line in lines)


def test_nobody_is_disturbed_on_a_day_of_rest(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Open()
    monkeypatch.setattr(mail, "transport", lambda *_: way)
    monkeypatch.setattr("huikuan.policy.calendar.Calendars.is_workday", lambda *_: False)
    _execute(
        str(run.settings.warehouse_url),
        "UPDATE store.message SET not_before = now() - interval '1 day', not_after = now() + interval '3 days'",
    )
    is_over, _ = mail.send(replace(run, settings=replace(run.settings, environment="production")))
    assert (is_over, way.sent) == (False, [])
    [(state, reason)] = rows(str(run.settings.warehouse_url), "state, last_error", "recipient = 'R-0000'")
    assert state == "deferred"
    assert "is no workday of calendar CN, US" in reason


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute(statement)
