"""Mails that did not leave by themselves: seen, decided on, told once, and everything about it written down."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.errors import OutreachError, ReferralError
from huikuan.outreach import EmlFolder, send_messages, tell
from huikuan.outreach.attention import actions, drop, mails, release, release_held, retry, short
from huikuan.outreach.transport import Outgoing, RefusedError, UnansweredError
from huikuan.warehouse.connect import connect
from tests.integration.warehouse_samples import published, record
from tests.outbox_samples import DAY, MORNING, POLICY, empty, fill, lay_morning, rows
from tests.referral_samples import lay_ledger

EVENING = POLICY.window(DAY)[1] + timedelta(minutes=1)


@pytest.fixture(scope="module")
def morning(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    lake = tmp_path_factory.mktemp("lake")
    return module_warehouse_url, lake, lay_morning(module_warehouse_url, lake).run_id


@pytest.fixture
def url(morning: tuple[str, Path, str]) -> str:
    empty(morning[0])
    return morning[0]


@pytest.fixture
def lake(morning: tuple[str, Path, str]) -> Path:
    return morning[1]


@pytest.fixture
def put(morning: tuple[str, Path, str], url: str) -> Callable[..., str]:
    """Put one mail into the outbox; returns the id that people copy."""

    def one(kind: str = "digest", recipient: str = "R-0000", **changes: Any) -> str:
        return short(fill(url, [(kind, recipient)], changes.pop("run_id", morning[2]), **changes)[0])

    return one


class Refusing:
    """A server that refuses, or never answers, until told otherwise."""

    leaves_the_house = True

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent: list[Outgoing] = []

    def prepare(self, mail: Outgoing) -> None:
        """Nothing to do."""

    def deliver(self, mail: Outgoing) -> None:
        self.sent.append(mail)
        if self.errors:
            raise self.errors.pop(0)

    def close(self) -> None:
        """Nothing to end."""


def send(url: str, lake: Path, way: Refusing, **changes: Any) -> dict[str, Any]:
    settings = {"now": MORNING, "environment": "production"} | changes
    return send_messages(url, lake, DAY, way, POLICY, **settings)


def test_a_parked_mail_is_released_by_a_manager_and_leaves(url: str, lake: Path, put: Callable[..., str]) -> None:
    mail_id = put("escalation", "M-CHEN", state="parked", last_error="it may have arrived", attempts=1)
    with pytest.raises(ReferralError, match="role rep"):
        release(url, lake, mail_id, by="R-0000", now=MORNING)
    with pytest.raises(ReferralError, match="not a person"):
        release(url, lake, mail_id, by="nobody", now=MORNING)
    assert actions(url) == []
    before = release(url, lake, mail_id[:8], by="M-BOSS", reason="the server's log has no trace", now=MORNING)
    assert (before.state, rows(url, "state, last_error")) == ("parked", [("queued", "released by M-BOSS")])
    way = Refusing()
    assert send(url, lake, way)["states"] == {"sent": 1}
    [done] = actions(url, mail_id)
    assert (done.position, done.action, done.decided_by, done.reason) == (
        1,
        "released",
        "M-BOSS",
        "the server's log has no trace",
    )
    assert (done.state_before, done.state_after, done.error_before) == ("parked", "queued", "it may have arrived")
    with pytest.raises(OutreachError, match="is sent; release is for those that are parked"):
        release(url, lake, mail_id, by="M-BOSS", now=MORNING)


def test_what_was_held_for_being_too_many_is_released_at_once(url: str, lake: Path, put: Callable[..., str]) -> None:
    """Those in doubt are not: each needs a look of its own."""
    far = EVENING + timedelta(days=36500)
    for n in range(3):
        put("digest", f"R-{n:04}", state="parked", last_error="too many", not_after=far)
    put("escalation", "M-CHEN", state="parked", last_error="it may have arrived", attempts=1, not_after=far)
    assert release_held(url, lake, DAY, by="F-WU") == 3
    assert [row[0] for row in rows(url, "state")] == ["queued", "queued", "queued", "parked"]
    assert [done.decided_by for done in actions(url)] == ["F-WU"] * 3


def test_a_dropped_mail_never_leaves_and_no_newer_run_brings_it_back(
    url: str, lake: Path, put: Callable[..., str]
) -> None:
    mail_id = put("digest", state="unknown", last_error="silence", attempts=1)
    with pytest.raises(OutreachError, match="needs a reason"):
        drop(url, lake, mail_id, by="M-CHEN", reason=" ")
    drop(url, lake, mail_id, by="M-CHEN", reason="the rep has it")
    assert rows(url, "state, last_error") == [("suppressed", "dropped by M-CHEN, though it may have arrived")]
    assert send(url, lake, Refusing())["states"] == {"suppressed": 1}
    for again in (
        lambda: drop(url, lake, mail_id, by="M-CHEN", reason="again"),
        lambda: retry(url, mail_id, by="x", now=MORNING),
    ):
        with pytest.raises(OutreachError, match="is suppressed"):
            again()


def test_a_refused_mail_is_tried_again_when_the_cause_is_mended(url: str, lake: Path, put: Callable[..., str]) -> None:
    mail_id = put()
    assert send(url, lake, Refusing(RefusedError("550 to RCPT TO")))["states"] == {"refused": 1}
    retry(url, mail_id, by="operator:ops", reason="mailbox was made", now=MORNING)
    way = Refusing()
    assert send(url, lake, way)["states"] == {"sent": 1}
    assert len(way.sent) == 1
    assert [done.error_before for done in actions(url)] == ["550 to RCPT TO"]


def test_in_doubt_for_good_a_list_may_be_tried_once_more_by_a_person(
    url: str, lake: Path, put: Callable[..., str]
) -> None:
    """A person allows one more try, not two; the bytes are the same each time."""
    mail_id = put()
    way = Refusing(*(UnansweredError("timed out") for _ in range(3)))
    for _ in range(3):
        send(url, lake, way)
    assert len(way.sent) == 2
    retry(url, mail_id, by="operator:ops", now=MORNING)
    for _ in range(3):
        send(url, lake, way)
    assert rows(url, "state, attempts") == [("unknown", 3)]
    assert len(way.sent) == 3
    assert len({mail.content for mail in way.sent}) == 1


def test_after_its_window_a_mail_can_only_be_dropped(url: str, lake: Path, put: Callable[..., str]) -> None:
    parked, refused = put(state="parked"), put("digest", "R-0001", state="refused")
    with pytest.raises(OutreachError, match="The window of mail"):
        release(url, lake, parked, by="M-CHEN", now=EVENING)
    with pytest.raises(OutreachError, match="The window of mail"):
        retry(url, refused, by="x", now=EVENING)
    drop(url, lake, parked, by="M-CHEN", reason="too late")


def test_a_mail_without_content_is_never_released(url: str, lake: Path, put: Callable[..., str]) -> None:
    mail_id = put(state="parked", content=b"", content_hash="")
    with pytest.raises(OutreachError, match="could not be rendered"):
        release(url, lake, mail_id, by="M-CHEN", now=MORNING)


def test_ids(url: str, lake: Path, put: Callable[..., str]) -> None:
    mail_id = put(state="parked")
    with pytest.raises(OutreachError, match="No mail has an id that begins with 00000000"):
        release(url, lake, "00000000", by="M-CHEN")
    for wrong in ("%", "", "<>", mail_id[:7], "x" * 8):
        with pytest.raises(OutreachError, match="is no id of a mail"):
            release(url, lake, wrong, by="M-CHEN")
    with psycopg.connect(url) as sender, sender.transaction():
        sender.execute("SELECT FROM store.message FOR UPDATE")
        with pytest.raises(OutreachError, match="A sender looks at mail"):
            release(url, lake, mail_id, by="M-CHEN", now=MORNING)


def test_what_was_done_can_be_neither_changed_nor_deleted(url: str, lake: Path, put: Callable[..., str]) -> None:
    drop(url, lake, put(state="parked"), by="M-CHEN", reason="no")
    with connect(url, "mailer") as connection:
        for statement in ("UPDATE store.message_action SET reason = 'x'", "DELETE FROM store.message_action"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


# --- telling ----------------------------------------------------------------------------------------------------------


def test_manager_and_data_owner_are_told_once(url: str, lake: Path, tmp_path: Path, put: Callable[..., str]) -> None:
    """The manager of what waits for a decision, the data owner of an address; nobody hears of a mail twice."""
    put("digest", "R-0000", state="parked", last_error="the content is not what was written")
    put("digest", "R-0001", state="refused", last_error="550 to RCPT TO")
    put("escalation", "M-CHEN", state="parked", last_error="the sender died while handing it over: it may have arrived")
    put("digest", "R-0002", state="sent")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 3
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 0
    result = send_messages(url, lake, DAY, EmlFolder(tmp_path), POLICY, now=MORNING)
    assert result["states"] == {"parked": 2, "refused": 1, "sent": 4}
    texts = {path.stem: _text(path) for path in (tmp_path / f"{DAY}").iterdir()}
    assert sorted(texts) == ["undelivered-F-WU", "undelivered-M-BOSS", "undelivered-M-CHEN"]
    assert "R-0001" in texts["undelivered-F-WU"]
    assert "R-0000" in texts["undelivered-M-CHEN"]
    assert "it may have arrived" in texts["undelivered-M-BOSS"]
    assert all("python -m huikuan outbox drop" in text for text in texts.values())
    told = {(done.action, done.decided_by, done.reason, done.position) for done in actions(url)}
    assert told == {("told", "huikuan", reader, 1) for reader in ("F-WU", "M-BOSS", "M-CHEN")}


def _text(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body()
    assert body is not None
    return str(body.get_content())


def test_what_goes_wrong_after_the_report_stands_in_the_next_one(url: str, lake: Path, put: Callable[..., str]) -> None:
    put("digest", "R-0000", state="parked")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 1
    put("digest", "R-0001", state="parked")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 0
    tomorrow = DAY + timedelta(days=1)
    lay_ledger(lake, tomorrow)
    published(url, lake / "tables", record(tomorrow))
    assert tell(url, lake, tomorrow, POLICY, now=MORNING + timedelta(days=1)) == 1
    assert tell(url, lake, tomorrow, POLICY, now=MORNING + timedelta(days=1)) == 0


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_nobody_is_told_before_the_first_round_is_over(
    url: str, lake: Path, put: Callable[..., str], state: str
) -> None:
    put("digest", "R-0000", state="parked")
    put("digest", "R-0001", state=state)
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 0


def test_a_list_with_its_second_chance_ahead_is_nobodys_business_yet(
    url: str, lake: Path, put: Callable[..., str]
) -> None:
    put("digest", "R-0000", state="unknown", last_error="silence")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 0
    put("digest", "R-0001", state="unknown", last_error="handed over once more after silence: silence")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 1


def test_nobody_is_told_after_the_window(url: str, lake: Path, put: Callable[..., str]) -> None:
    put(state="parked")
    assert tell(url, lake, DAY, POLICY, now=EVENING) == 0
    assert actions(url) == []


# --- eligibility ------------------------------------------------------------------------------------------------------


def test_a_customers_mail_is_held_when_the_account_paid_or_was_released(
    url: str, lake: Path, put: Callable[..., str]
) -> None:
    """Sample rows: account A1 of C2 owes something late, A0 of C1 owes nothing."""
    override = """
        INSERT INTO store.sanction_override (override_id, company_id, account_id, effect, author, reason, from_on,
        expires_on, created_at) VALUES ('o-1', 'C1', 'A2', 'exempt', 'M-CHEN', 'x', %s, %s, now())
    """
    with psycopg.connect(url) as connection:
        connection.execute(override, [DAY, DAY])
    for n, account in enumerate((["C2", "A1"], ["C1", "A0"], ["C1", "A2"])):
        put("notice", f"R-{n:04}", accounts=Jsonb([account]))
    send(url, lake, Refusing())
    assert [row[0] for row in rows(url, "state")] == ["sent", "suppressed", "suppressed"]


def test_no_mail_on_a_day_of_rest_of_the_company(url: str, lake: Path, put: Callable[..., str]) -> None:
    """C1 keeps calendar CN, C2 keeps US. A mail that shows no account leaves when anybody works."""
    put("digest", "R-0000", accounts=Jsonb([["C1", "A1"]]))
    put("digest", "R-0001", accounts=Jsonb([["C1", "A1"], ["C2", "A1"]]))
    put("digest", "R-0002")
    put("approval_reminder", "M-CHEN", accounts=Jsonb([["C1", "A1"]]), not_after=MORNING + timedelta(days=1, hours=5))
    put("digest", "R-0003", accounts=Jsonb([["C1", "A1"]]), not_after=MORNING + timedelta(days=1, hours=5))
    asked: list[tuple[str, date]] = []

    def us_works(calendar: str, day: date) -> bool:
        asked.append((calendar, day))
        return calendar == "US"

    send(url, lake, Refusing(), is_workday=us_works)
    found = {row[0]: row[1:] for row in rows(url, "recipient, state, last_error, not_before", "kind = 'digest'")}
    assert {recipient: row[0] for recipient, row in found.items()} == {
        "R-0000": "suppressed",
        "R-0001": "sent",
        "R-0002": "sent",
        "R-0003": "deferred",
    }
    assert found["R-0000"][1] == "2026-03-02 is no workday of calendar CN"
    assert found["R-0003"][2] == POLICY.window(DAY + timedelta(days=1))[0]
    assert {day for _, day in asked} == {DAY}


def test_a_newer_run_of_the_date_knows_more(url: str, lake: Path, put: Callable[..., str]) -> None:
    put(run_id="20260302-000000000000")
    assert send(url, lake, Refusing())["states"] == {"suppressed": 1}
    [(reason,)] = rows(url, "last_error")
    assert "a newer run of the date" in reason


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(url: str, lake: Path) -> Callable[..., tuple[int, str]]:
    """Run a command of ``huikuan outbox``; returns exit code and what it printed."""

    def command(*arguments: str) -> tuple[int, str]:
        where = ["--lake", str(lake), "--warehouse", url]
        result = CliRunner().invoke(app, ["outbox", *arguments, *where], env={"COLUMNS": "250"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, re.sub(r"\s+", " ", result.output)

    return command


def test_commands(run: Callable[..., tuple[int, str]], url: str, put: Callable[..., str]) -> None:
    far = EVENING + timedelta(days=36500)
    parked = put("escalation", "M-CHEN", state="parked", last_error="it may have [red]arrived[/]", not_after=far)
    refused = put("digest", "R-0001", state="refused", last_error="550 to RCPT TO", not_after=far)
    put("digest", "R-0002", state="sent")
    code, shown = run("list")
    assert code == 0
    assert parked in shown
    assert "it may have [red]arrived[/]" in shown
    assert "R-0002" not in shown
    assert "1 parked, 1 refused, 1 sent" in shown
    assert "example.com" not in shown  # no addresses
    assert "R-0002" in run("list", "--state", "sent", "--date", f"{DAY}")[1]
    assert "no mails" in run("list", "--date", "2020-01-01")[1]
    assert "escalation → M-CHEN" in run("release", parked, "--as", "M-BOSS")[1]
    assert "digest → R-0001" in run("retry", refused[:8])[1]
    assert "dropped: digest → R-0001" in run("drop", refused, "--as", "M-CHEN", "--reason", "left")[1]
    code, log = run("log")
    assert [word in log for word in ("released", "M-BOSS", "retried", "operator:", "dropped", "left")] == [True] * 6
    assert run("log", parked)[1].count(parked) == 1
    assert {mail.state for mail in mails(url, DAY, ("queued", "suppressed"))} == {"queued", "suppressed"}


def test_commands_refuse_what_they_do_not_know(run: Callable[..., tuple[int, str]], put: Callable[..., str]) -> None:
    put(state="parked")
    with pytest.raises(OutreachError, match="'gone' is no state"):
        run("list", "--state", "gone")
    assert run("release", "--as", "M-BOSS")[0] == 2
    assert run("release", "12345678", "--held-on", f"{DAY}", "--as", "M-BOSS")[0] == 2
