"""Mails that did not leave by themselves: seen, decided on, told once, and everything about it written down."""

from __future__ import annotations

import ast
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
from huikuan.outreach import EmlFolder, eligibility, send_messages, tell
from huikuan.outreach.attention import actions, drop, mails, release, release_held, retry, short
from huikuan.outreach.outbox import over_bounds
from huikuan.outreach.reasons import STATES, explained
from huikuan.outreach.transport import Outgoing, RefusedError, UnansweredError
from huikuan.warehouse.connect import connect
from huikuan.warehouse.tables import MESSAGE_STATES
from tests.integration.warehouse_samples import published, record
from tests.outbox_samples import DAY, MANAGER, MORNING, POLICY, empty, fill, lay_morning, people, rows
from tests.referral_samples import lay_ledger

EVENING = POLICY.window(DAY)[1] + timedelta(minutes=1)
NEXT_MORNING = MORNING + timedelta(days=1)


@pytest.fixture(scope="module")
def morning(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    lake = tmp_path_factory.mktemp("lake")
    return module_warehouse_url, lake, lay_morning(module_warehouse_url, lake).run_id


@pytest.fixture(scope="module")
def tomorrow(morning: tuple[str, Path, str]) -> date:
    """The date after, with its own snapshot and run."""
    url, lake, _ = morning
    day = DAY + timedelta(days=1)
    lay_ledger(lake, day)
    published(url, lake / "tables", record(day))
    return day


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
    """All others are not: each needs a look of its own, and one that cannot leave holds up nobody else's."""
    far = EVENING + timedelta(days=36500)
    too_many = over_bounds(POLICY.max_mails + 1, 0, POLICY)
    put("data_owner", "F-WU", state="parked", last_error="the address is outside our own domains", not_after=far)
    put("digest", "R-0000", state="parked", last_error=too_many, not_after=far)
    put("digest", "R-0001", state="parked", last_error="not rendered", content=b"", content_hash="", not_after=far)
    for n in (2, 3):
        put("digest", f"R-{n:04}", state="parked", last_error=too_many, not_after=far)
    put("escalation", "M-CHEN", state="parked", last_error="it may have arrived", attempts=1, not_after=far)
    assert release_held(url, lake, DAY, by="F-WU") == 3
    assert [row[0] for row in rows(url, "state")] == ["parked", "queued", "parked", "queued", "queued", "parked"]
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


def test_what_was_parked_and_never_tried_expires_with_its_window(url: str, lake: Path, put: Callable[..., str]) -> None:
    """Nobody can let it go any more. What may have arrived stays until a person has found out."""
    put("digest", state="parked", last_error="the address is outside our own domains")
    put("escalation", "M-CHEN", state="parked", last_error="it may have arrived", attempts=1)
    assert send(url, lake, Refusing(), now=EVENING)["states"] == {"expired": 1, "parked": 1}
    assert rows(url, "last_error", "kind = 'digest'") == [
        ("not sent before the end of its window: the address is outside our own domains",)
    ]


def test_a_mail_without_content_is_never_released(url: str, lake: Path, put: Callable[..., str]) -> None:
    mail_id = put(state="parked", content=b"", content_hash="")
    with pytest.raises(OutreachError, match="could not be rendered"):
        release(url, lake, mail_id, by="M-CHEN", now=MORNING)


def test_two_addresses_are_none(warehouse_url: str, tmp_path: Path) -> None:
    """A server would get the first of them; the domain that is looked at is that of the last."""
    two = "x@elsewhere.test,rep.0@example.com"
    run_id = lay_morning(warehouse_url, tmp_path).run_id
    lay_ledger(tmp_path, DAY, reps=people(4).replace("rep.0@example.com", two))
    parked = {"state": "parked", "last_error": "the address in the ledger is not one mail address"}
    [mail_id] = fill(warehouse_url, [("digest", "R-0000")], run_id, address=two, **parked)
    with pytest.raises(OutreachError, match="has no address"):
        release(warehouse_url, tmp_path, mail_id, by="M-CHEN", now=MORNING)
    with psycopg.connect(warehouse_url) as connection:
        connection.execute("UPDATE store.message SET state = 'queued', last_error = 'released by hand'")
    way = Refusing()
    assert send(warehouse_url, tmp_path, way)["states"] == {"parked": 1}
    assert way.sent == []


def test_the_morning_is_open_for_what_a_person_may_still_let_go(url: str, lake: Path, put: Callable[..., str]) -> None:
    """Until the window of its own morning closes, and no longer: the sender comes back for it."""
    mail_id = put("digest", "R-0000", state="parked", last_error="too many")
    refused = put("digest", "R-0001", state="refused", last_error="550")
    put("digest", "R-0002", state="sent")
    far = EVENING + timedelta(days=1)
    put("approval_reminder", "M-BOSS", state="parked", last_error="it may have arrived", attempts=1, not_after=far)
    result = send(url, lake, Refusing())
    assert (result["waiting"], result["held"]) == (0, 3)
    drop(url, lake, refused, by="M-CHEN", reason="left")
    release(url, lake, mail_id, by="M-CHEN", now=MORNING)
    way = Refusing()
    assert send(url, lake, way)["held"] == 1
    assert [mail.recipient for mail in way.sent] == ["R-0000"]
    assert send(url, lake, way, now=EVENING)["held"] == 0


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
    """The manager of what may or may not have arrived, the data owner of the rest; nobody hears of a mail twice."""
    put("digest", "R-0000", state="parked", last_error="the sender died: it may have arrived", attempts=1)
    put("digest", "R-0001", state="refused", last_error="550 to RCPT TO")
    put("escalation", "M-CHEN", state="parked", last_error="the sender died: it may have arrived", attempts=1)
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


def test_what_goes_wrong_after_the_report_stands_in_the_next_one(
    url: str, lake: Path, tomorrow: date, put: Callable[..., str]
) -> None:
    put("digest", "R-0000", state="parked")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 1
    put("digest", "R-0001", state="parked")
    assert tell(url, lake, DAY, POLICY, now=MORNING) == 0
    assert tell(url, lake, tomorrow, POLICY, now=NEXT_MORNING) == 1
    assert tell(url, lake, tomorrow, POLICY, now=NEXT_MORNING) == 0


def test_what_a_date_left_behind_is_settled_and_told_of_on_the_next(
    url: str, lake: Path, tomorrow: date, put: Callable[..., str]
) -> None:
    """Its sender failed for good, or nobody ran it again: nothing waits for ever, and nothing is sent late."""
    put("digest", "R-0000")
    put("digest", "R-0001", state="deferred", last_error="451 to RCPT TO")
    put("digest", "R-0002", state="sending", attempts=1, token=3)
    put("digest", "R-0003", state="unknown", last_error="no answer", attempts=1)
    put("escalation", "M-CHEN", state="sending", attempts=1, token=3)
    way = Refusing()
    send_messages(url, lake, tomorrow, way, POLICY, now=NEXT_MORNING, environment="production")
    assert way.sent == []
    assert [row[0] for row in rows(url, "state")] == ["expired", "expired", "unknown", "unknown", "parked"]
    assert tell(url, lake, tomorrow, POLICY, now=NEXT_MORNING) == 2
    assert len([done for done in actions(url) if done.action == "told"]) == 5


def test_what_fails_again_after_a_person_let_it_go_is_told_of_again(
    url: str, lake: Path, tomorrow: date, put: Callable[..., str]
) -> None:
    mail_id = put()
    send(url, lake, Refusing(RefusedError("550 to RCPT TO")))
    tell(url, lake, DAY, POLICY, now=MORNING)
    retry(url, mail_id, by="operator:ops", now=MORNING)
    send(url, lake, Refusing(*(RefusedError("550 to RCPT TO") for _ in range(2))))
    tell(url, lake, tomorrow, POLICY, now=NEXT_MORNING)
    assert [done.action for done in actions(url, mail_id)] == ["told", "retried", "told"]


def test_nobody_is_told_on_a_day_of_rest_and_nothing_is_forgotten(
    url: str, lake: Path, tomorrow: date, put: Callable[..., str]
) -> None:
    """A report of that day would be suppressed, and would count as told."""
    put("digest", "R-0000", state="parked")
    assert tell(url, lake, DAY, POLICY, now=MORNING, is_workday=lambda *_: False) == 0
    assert (actions(url), len(rows(url, "kind"))) == ([], 1)
    assert tell(url, lake, tomorrow, POLICY, now=NEXT_MORNING, is_workday=lambda *_: True) == 1


def test_a_holiday_of_nine_days_is_not_too_long_to_be_told(url: str, lake: Path, put: Callable[..., str]) -> None:
    day = DAY + timedelta(days=10)
    lay_ledger(lake, day)
    published(url, lake / "tables", record(day))
    put("digest", "R-0000", state="expired", last_error="not sent before the end of its window")
    assert tell(url, lake, day, POLICY, now=MORNING + timedelta(days=10)) == 1


def test_too_many_mails_are_told_of_in_one_mail(warehouse_url: str, tmp_path: Path) -> None:
    """Not in one for each manager, which would be too many again."""
    reps = people(4).replace(f"'rep.1@example.com', '{MANAGER}'", "'rep.1@example.com', 'M-BOSS'")
    run_id = lay_morning(warehouse_url, tmp_path).run_id
    lay_ledger(tmp_path, DAY, reps=reps)
    held = {"state": "parked", "last_error": over_bounds(POLICY.max_mails + 1, 0, POLICY)}
    fill(warehouse_url, [("digest", "R-0000"), ("digest", "R-0001"), ("escalation", MANAGER)], run_id, **held)
    assert tell(warehouse_url, tmp_path, DAY, POLICY, now=MORNING) == 1
    [[report]] = rows(warehouse_url, "content", "kind = 'undelivered'")
    message = email.message_from_bytes(report, policy=email.policy.default)
    assert message["To"] == "wu@example.com"
    assert f"python -m huikuan outbox release --held-on {DAY} --as REP" in message.get_content()


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
    assert parked[:13] in shown
    assert "it may have [red]arrived[/]" in shown
    assert "R-0002" not in shown
    assert "1 parked 等人决定, 1 refused 被拒收, 1 sent 已发送" in shown
    assert "服务器答复：550 to RCPT TO" in shown
    assert "放行 let it leave: outbox release ID" in shown
    assert "example.com" not in shown  # no addresses
    assert "R-0002" in run("list", "--state", "sent", "--date", f"{DAY}")[1]
    assert "no mails" in run("list", "--date", "2020-01-01")[1]
    assert "escalation → M-CHEN" in run("release", parked, "--as", "M-BOSS")[1]
    assert "digest → R-0001" in run("retry", refused[:8])[1]
    assert "dropped: digest → R-0001" in run("drop", refused, "--as", "M-CHEN", "--reason", "left")[1]
    code, log = run("log")
    assert [word in log for word in ("released", "M-BOSS", "retried", "operator:", "dropped", "left")] == [True] * 6
    one = run("log", parked)[1]
    assert (one.count(parked[:13]), f"Message-ID <{parked}@example.com>" in one) == (2, True)
    assert run("release", "--held-on", f"{DAY}", "--as", "M-BOSS")[1].strip() == "已放行 released 0"
    assert {mail.state for mail in mails(url, DAY, ("queued", "suppressed"))} == {"queued", "suppressed"}


def test_the_list_says_why_mails_are_not_sent_and_where_older_ones_wait(
    run: Callable[..., tuple[int, str]], put: Callable[..., str]
) -> None:
    for n in range(3):
        put("digest", f"R-{n:04}", state="suppressed", last_error="environment ?: the address is not on the allow-list")
    put("escalation", "M-CHEN", state="parked", attempts=1, business_date=DAY - timedelta(days=3))
    put("digest", "R-0003", state="refused", business_date=DAY - timedelta(days=2))
    shown = run("list")[1]
    assert "3 suppressed 不发送 3 × 非生产环境，地址不在允许名单：environment ?: the address is not on the" in shown
    assert "2026-02-27 还有 still has 1: python -m huikuan outbox list --date 2026-02-27" in shown
    assert "release ID" not in shown
    assert "release ID" in run("list", "--date", "2026-02-27")[1]


def test_every_reason_is_said_in_chinese_too() -> None:
    """Those that the code writes as the last word of a Fate or a Plan."""
    folder = Path(eligibility.__file__).parent
    found = []
    for name in ("eligibility", "outbox", "approvals", "attention"):
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Fate", "Plan"}:
                found += [_constant(each) for each in node.args[1:] if _constant(each) not in MESSAGE_STATES]
    assert len([text for text in found if text]) >= 15
    silent = [text for text in found if text and explained(text) == text and "handed over once more: " not in text]
    assert silent == []
    assert explained(eligibility.not_before(DAY)) != eligibility.not_before(DAY)
    assert explained(over_bounds(10**6, 0, POLICY)) != over_bounds(10**6, 0, POLICY)
    assert set(STATES) == set(MESSAGE_STATES)
    assert (explained(None), explained("something new")) == (None, "something new")


def _constant(node: ast.expr) -> str:
    """The fixed parts of a text; nothing for one that is made elsewhere."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return "".join(str(part.value) for part in parts) if isinstance(node, (ast.Constant, ast.JoinedStr)) else ""


def test_commands_refuse_what_they_do_not_know(run: Callable[..., tuple[int, str]], put: Callable[..., str]) -> None:
    put(state="parked")
    with pytest.raises(OutreachError, match="'gone' is no state"):
        run("list", "--state", "gone")
    assert run("release", "--as", "M-BOSS")[0] == 2
    assert run("release", "12345678", "--held-on", f"{DAY}", "--as", "M-BOSS")[0] == 2
