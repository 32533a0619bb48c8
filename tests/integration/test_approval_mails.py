"""Batches of a published night become mails to approvers, once, and leave with the morning's other mails."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.errors import FenceError, InvariantError, OutreachError
from huikuan.outreach import (
    EmlFolder,
    approvals,
    send_messages,
    write_approval_requests,
    write_messages,
    write_reminders,
)
from huikuan.outreach.reading import newest_run, read_night
from huikuan.policy.outreach import OutreachPolicy
from huikuan.warehouse.connect import Role, connect
from huikuan.warehouse.fence import step
from tests.outreach_samples import (
    BATCH_ID,
    CONTENT_HASH,
    DAY,
    MORNING,
    OPENED_AT,
    POLICY,
    asking_night,
    eventful_night,
    lay_batch,
    lay_decision,
    proposal,
    publish_night,
    run_record,
)

ASKED = asking_night().proposals
OUT_OF_SIGHT: dict[str, list[dict[str, Any]]] = {
    "account_flag": [
        {"company_id": "CN", "account_id": "A-101", "flag": "stop_supply", "state": "proposed", "reason": "r"}
        | {"approver_id": "M-CHEN", "is_held": True},
        {"company_id": "CN", "account_id": "A-101", "flag": "stop_service", "state": "active", "reason": "r"},
        {"company_id": "CN", "account_id": "A-102", "flag": "stop_supply", "state": "rejected", "reason": "r"},
    ],
    "early_warning": [
        {"company_id": "CN", "account_id": "A-102", "warning": "long_open", "rule_id": "r"}
        | {"since": DAY - timedelta(days=1)}
    ],
    "sanction_cap": [
        {"company_id": "US", "transition": "proposed", "accounts": 1, "accounts_pct": 1, "is_over": False},
        {"company_id": "CN", "transition": "active", "accounts": 1, "accounts_pct": 1, "is_over": False},
    ],
}
"""Rows that no mail may show: held back, in force, refused, warned of before, within the cap."""


@pytest.fixture(scope="module")
def lake(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published night with sanctions, shared by the tests of this module."""
    folder = tmp_path_factory.mktemp("lake")
    publish_night(module_warehouse_url, folder, eventful_night(), OUT_OF_SIGHT)
    return folder


@pytest.fixture
def url(module_warehouse_url: str, lake: Path) -> Iterator[str]:
    """The warehouse with that night, an empty outbox, and the batch of M-CHEN."""
    assert lake.is_dir()
    execute(module_warehouse_url, "TRUNCATE store.message, store.referral_batch, store.referral_item")
    execute(module_warehouse_url, "TRUNCATE store.referral_decision")
    execute(module_warehouse_url, "DELETE FROM store.run_step WHERE step <> 'publish'")
    lay_batch(module_warehouse_url, run_record().run_id, ASKED)
    yield module_warehouse_url
    execute(module_warehouse_url, "UPDATE store.run SET gate = 'open', is_backfill = false")


def execute(url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


def rows(url: str, columns: str = "kind, recipient, state") -> list[tuple[Any, ...]]:
    with connect(url, "auditor") as connection:
        return connection.execute(f"SELECT {columns} FROM store.message ORDER BY kind, recipient").fetchall()


def ask(url: str, lake: Path, *batch_ids: str, policy: OutreachPolicy = POLICY, **changes: Any) -> dict[str, int]:
    given: dict[str, Any] = {"answer_within_hours": 10, "written_at": OPENED_AT} | changes
    return write_approval_requests(url, lake, DAY, policy, batch_ids or [BATCH_ID], **given)


def remind(url: str, lake: Path, after: timedelta, *batch_ids: str, **changes: Any) -> dict[str, int]:
    """Write reminders so long after the batch was opened."""
    given: dict[str, Any] = {"answer_within_hours": 10, "remind_after_hours": 6} | changes
    given["written_at"] = OPENED_AT + after
    return write_reminders(url, lake, DAY, POLICY, batch_ids or [BATCH_ID], **given)


def send(url: str, lake: Path, folder: Path, now: datetime = MORNING) -> dict[str, Any]:
    return send_messages(url, lake, DAY, EmlFolder(folder), POLICY, now=now)


def test_rows_of_an_eventful_night_come_back_and_no_others(url: str, lake: Path) -> None:
    with connect(url, "mailer") as connection:
        run = newest_run(connection, DAY)
        assert run is not None
        assert read_night(connection, lake, run) == eventful_night()


def test_the_mail_reaches_its_approver_once(url: str, lake: Path, tmp_path: Path) -> None:
    assert ask(url, lake, base_url="https://airflow.example.test") == {"queued": 1}
    assert send(url, lake, tmp_path)["states"] == {"sent": 1}
    [file] = (tmp_path / "2025-07-01").iterdir()
    assert file.name == "approval-M-CHEN.eml"
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "chen.jing@example.test"
    assert mail["Date"].datetime == OPENED_AT
    part = mail.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    for said in (BATCH_ID, CONTENT_HASH, "不答复即为不批准", "杭州钱塘机电设备有限公司 (CN/A-100)"):
        assert said in text
    assert "A-102" not in text  # a proposal that nobody is high enough to approve is in no batch
    assert "https://airflow.example.test/required_actions?response_received=false" in text
    assert [each.get_filename() for each in mail.iter_attachments()] == ["huikuan-approval-20250701.xlsx"]

    before = rows(url, "*")
    assert ask(url, lake) == {"queued": 1}  # what the finished step handed on
    execute(url, "UPDATE store.run_step SET state = 'running' WHERE step = 'approval'")
    assert ask(url, lake) == {}
    assert rows(url, "*") == before
    assert send(url, lake, tmp_path / "again")["sent_now"] == 0


def test_the_outbox_row_says_what_the_mail_holds(url: str, lake: Path) -> None:
    ask(url, lake)
    [row] = rows(url, "kind, recipient, run_id, accounts, not_before, not_after, subject")
    assert row[:3] == ("approval", "M-CHEN", run_record().run_id)
    assert row[3] == [["CN", "A-100"], ["CN", "A-104"], ["US", "B-200"]]
    assert row[4] == datetime(2025, 6, 30, 23, tzinfo=UTC)
    assert row[5] == OPENED_AT + timedelta(hours=10)  # before the window closes at 12:00 UTC
    assert row[6] == "待审批惩戒 3 项 · CNY 128.4万 · USD 1.2万"


def test_a_deadline_after_the_window_does_not_widen_it(url: str, lake: Path) -> None:
    ask(url, lake, answer_within_hours=48)
    assert rows(url, "not_after") == [(datetime(2025, 7, 1, 12, tzinfo=UTC),)]


def test_a_night_that_is_replayed_keeps_its_window(url: str, lake: Path) -> None:
    """The batch is opened by a clock that is long past, or long before, the business date."""
    for opened in (OPENED_AT - timedelta(days=300), OPENED_AT + timedelta(days=300)):
        execute(url, "UPDATE store.referral_batch SET opened_at = %s", opened)
        execute(url, "TRUNCATE store.message")
        execute(url, "DELETE FROM store.run_step WHERE step = 'approval'")
        assert ask(url, lake) == {"queued": 1}
        assert rows(url, "not_before, not_after") == [
            (datetime(2025, 6, 30, 23, tzinfo=UTC), datetime(2025, 7, 1, 12, tzinfo=UTC))
        ]


def test_written_after_the_morning_was_over_it_is_still_sent(url: str, lake: Path, tmp_path: Path) -> None:
    """The step ``send`` is finished, and finished again with nothing waiting: a batch opened later reopens it."""
    write_messages(url, lake, DAY, POLICY)
    assert send(url, lake, tmp_path)["states"] == {"sent": 5}
    for _ in range(2):
        assert send(url, lake, tmp_path)["sent_now"] == 0
    assert ask(url, lake) == {"queued": 1}
    first = send(url, lake, tmp_path)
    assert (first["sent_now"], first["states"], first["waiting"]) == (1, {"sent": 6}, 0)
    assert remind(url, lake, timedelta(hours=6)) == {"queued": 1}
    second = send(url, lake, tmp_path, OPENED_AT + timedelta(hours=6))
    assert (second["sent_now"], second["states"]) == (1, {"sent": 7})
    assert len(list((tmp_path / "2025-07-01").iterdir())) == 7


def test_a_mail_that_a_person_releases_is_sent_although_the_step_was_finished(
    url: str, lake: Path, tmp_path: Path
) -> None:
    """It is the same mail with as many attempts as when the step was finished."""
    ask(url, lake)
    execute(url, "UPDATE store.message SET address = 'old@example.test'")
    assert send(url, lake, tmp_path)["states"] == {"parked": 1}
    execute(url, "UPDATE store.message SET address = 'chen.jing@example.test', state = 'queued'")
    assert send(url, lake, tmp_path)["states"] == {"sent": 1}


def test_requests_come_before_escalations_and_lists(url: str, lake: Path, tmp_path: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    ask(url, lake)
    remind(url, lake, timedelta(hours=6))
    send(url, lake, tmp_path, OPENED_AT + timedelta(hours=7))
    order = sorted((tmp_path / "2025-07-01").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert [path.name for path in order[:3]] == [
        "approval-M-CHEN.eml",
        "approval_reminder-M-CHEN.eml",
        "escalation-M-CHEN.eml",
    ]


def test_what_is_answered_is_not_asked(url: str, lake: Path) -> None:
    lay_decision(url, ASKED[0])
    assert ask(url, lake) == {"queued": 1}
    assert rows(url, "accounts") == [([["CN", "A-104"], ["US", "B-200"]],)]
    for row in ASKED[1:]:
        lay_decision(url, row, "left_out")
    execute(url, "TRUNCATE store.message")
    assert ask(url, lake) == {}
    assert remind(url, lake, timedelta(hours=7)) == {}
    assert rows(url) == []


def test_answered_between_writing_and_sending(url: str, lake: Path, tmp_path: Path) -> None:
    ask(url, lake)
    for row in ASKED[:2]:
        lay_decision(url, row)
    early = send(url, lake, tmp_path, MORNING - timedelta(hours=2))
    assert early["states"] == {"queued": 1}
    lay_decision(url, ASKED[2], "rejected")
    assert send(url, lake, tmp_path)["states"] == {"suppressed": 1}
    assert "answered meanwhile" in rows(url, "last_error")[0][0]
    assert not (tmp_path / "2025-07-01").exists()


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ("gate = 'no_contact'", {"suppressed": 1}),
        ("is_backfill = true", {"suppressed": 1}),
    ],
)
def test_gate_and_backfill(url: str, lake: Path, tmp_path: Path, change: str, states: dict[str, int]) -> None:
    """Closed when the mail is written, or between writing and sending: nobody is asked."""
    assert ask(url, lake) == {"queued": 1}
    execute(url, f"UPDATE store.run SET {change}")
    assert send(url, lake, tmp_path)["states"] == states
    execute(url, "TRUNCATE store.message")
    execute(url, "DELETE FROM store.run_step WHERE step = 'approval'")
    assert ask(url, lake) == states


def test_a_gate_that_opens_again_lets_the_mail_in(url: str, lake: Path, tmp_path: Path) -> None:
    execute(url, "UPDATE store.run SET gate = 'no_contact'")
    assert ask(url, lake) == {"suppressed": 1}
    execute(url, "UPDATE store.run SET gate = 'open'")
    assert ask(url, lake) == {"queued": 1}
    assert send(url, lake, tmp_path)["states"] == {"sent": 1}


def test_a_missed_morning_expires_and_the_reminder_makes_up_for_it(url: str, lake: Path, tmp_path: Path) -> None:
    execute(url, "UPDATE store.referral_batch SET opened_at = %s", OPENED_AT + timedelta(hours=14))
    ask(url, lake, written_at=OPENED_AT + timedelta(hours=14), answer_within_hours=20)
    evening = OPENED_AT + timedelta(hours=14)
    assert send(url, lake, tmp_path, evening)["states"] == {"expired": 1}
    given = {"answer_within_hours": 20, "remind_after_hours": 2}
    assert remind(url, lake, timedelta(hours=17), **given) == {"queued": 1}
    window = rows(url, "not_before, not_after")[1]
    assert window == (datetime(2025, 7, 1, 23, tzinfo=UTC), OPENED_AT + timedelta(hours=34))
    assert send(url, lake, tmp_path, OPENED_AT + timedelta(hours=17))["states"] == {"expired": 1, "queued": 1}
    assert send(url, lake, tmp_path, MORNING + timedelta(days=1))["states"] == {"expired": 1, "sent": 1}


@pytest.mark.parametrize(
    ("after", "written"),
    [(5.9, {}), (6, {"queued": 1}), (9.9, {"queued": 1}), (10, {}), (200, {})],
)
def test_a_reminder_is_due_between_two_moments(url: str, lake: Path, after: float, written: dict[str, int]) -> None:
    assert remind(url, lake, timedelta(hours=after)) == written


def test_one_reminder_however_often_it_is_asked_for(url: str, lake: Path, tmp_path: Path) -> None:
    assert remind(url, lake, timedelta(hours=1)) == {}
    for hours in (6, 7, 8):
        assert remind(url, lake, timedelta(hours=hours)) == {"queued": 1}
    moment = OPENED_AT + timedelta(hours=8)
    assert send(url, lake, tmp_path, moment)["sent_now"] == 1
    assert remind(url, lake, timedelta(hours=9)) == {"queued": 1}
    assert send(url, lake, tmp_path, moment)["sent_now"] == 0
    [file] = (tmp_path / "2025-07-01").iterdir()
    assert file.name == "approval_reminder-M-CHEN.eml"


def test_no_reminder_leaves_after_its_deadline(url: str, lake: Path, tmp_path: Path) -> None:
    """Due in the evening, and the deadline is in the night: there is no window left. Nothing waits for ever."""
    late = {"answer_within_hours": 20, "remind_after_hours": 14}
    assert remind(url, lake, timedelta(hours=14), **late) == {"suppressed": 1}
    assert rows(url, "last_error") == [("no send window is left before the deadline",)]
    assert send(url, lake, tmp_path, MORNING + timedelta(days=1))["waiting"] == 0
    execute(url, "TRUNCATE store.message")
    execute(url, "DELETE FROM store.run_step WHERE step = 'approval_reminder'")
    assert remind(url, lake, timedelta(hours=7)) == {"queued": 1}
    assert send(url, lake, tmp_path, OPENED_AT + timedelta(hours=10, seconds=1))["states"] == {"expired": 1}


@pytest.mark.parametrize("days", [-300, 300])
def test_a_replayed_night_reminds_within_its_window(url: str, lake: Path, tmp_path: Path, days: int) -> None:
    """The clock is far from the business date: as of that morning the file is written, by the clock nothing is sent."""
    execute(url, "UPDATE store.referral_batch SET opened_at = %s", OPENED_AT + timedelta(days=days))
    assert remind(url, lake, timedelta(days=days, hours=7)) == {"queued": 1}
    by_the_clock = send(url, lake, tmp_path, OPENED_AT + timedelta(days=days, hours=7))
    assert by_the_clock["sent_now"] == 0
    if days < 0:
        assert send(url, lake, tmp_path)["states"] == {"sent": 1}
    else:
        assert by_the_clock["states"] == {"expired": 1}


def test_one_mail_per_approver(url: str, lake: Path, tmp_path: Path) -> None:
    second = replace(
        proposal(("CN", "A-102"), 1, "terminate_authorization"),
        batch_id="20250701-ffffffffff",
        content_hash="f" * 64,
        approver_id="F-DATA",
    )
    lay_batch(url, run_record().run_id, [second])
    execute(url, "UPDATE store.account_flag SET approver_id = 'F-DATA' WHERE flag = 'terminate_authorization'")
    try:
        assert ask(url, lake) == {"queued": 1}
        assert ask(url, lake, BATCH_ID, second.batch_id) == {"queued": 1}  # the first was written before
        assert [row[1] for row in rows(url)] == ["F-DATA", "M-CHEN"]
        assert send(url, lake, tmp_path)["sent_now"] == 2
        execute(url, "TRUNCATE store.message")
        bound = POLICY.model_copy(update={"max_mails": 1})
        execute(url, "DELETE FROM store.run_step WHERE step = 'approval'")
        assert ask(url, lake, BATCH_ID, second.batch_id, policy=bound) == {"parked": 2}
        assert send(url, lake, tmp_path)["attention"].keys() == {"parked"}
    finally:
        execute(url, "UPDATE store.account_flag SET approver_id = NULL WHERE flag = 'terminate_authorization'")


def test_a_batch_that_names_a_strange_account_writes_nothing(url: str, lake: Path) -> None:
    strange = replace(proposal(("CN", "A-101"), 1, "stop_supply"), batch_id="20250701-strange", approver_id="F-DATA")
    lay_batch(url, run_record().run_id, [strange])
    with pytest.raises(InvariantError, match="F-DATA would show 1 accounts outside"):
        ask(url, lake, BATCH_ID, strange.batch_id)
    assert rows(url) == []


def test_without_a_run_or_with_a_wrong_base_url(url: str, lake: Path) -> None:
    with pytest.raises(OutreachError, match="no run of 2025-07-02"):
        write_approval_requests(url, lake, DAY + timedelta(days=1), POLICY, [BATCH_ID], answer_within_hours=1)
    with pytest.raises(OutreachError, match="base URL"):
        ask(url, lake, base_url="javascript:alert(1)")
    assert ask(url, lake, "no such batch") == {}
    assert rows(url) == []


def test_two_who_write_at_once(url: str, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "_WAIT_SECONDS", 0.2)
    with step(url, DAY, "approval", inputs="another"), pytest.raises(FenceError, match="Another process holds"):
        ask(url, lake)
    assert ask(url, lake) == {"queued": 1}


@pytest.mark.parametrize(("role", "may"), [("mailer", True), ("loader", False)])
@pytest.mark.parametrize("name", ["approval", "approval_reminder"])
def test_the_steps_belong_to_the_mailer(url: str, role: Role, may: bool, name: str) -> None:
    take = "INSERT INTO store.run_step VALUES (%s, %s, 1, 'x', 'running', now())"
    with connect(url, role) as connection:
        if may:
            connection.execute(take, [DAY, name])
            assert connection.execute("UPDATE store.run_step SET token = 2 WHERE step = %s", [name]).rowcount == 1
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute(take, [DAY, name])


@pytest.mark.parametrize(
    ("kind", "fate"),
    [("digest", "sent"), ("approval", "parked"), ("approval_reminder", "parked"), ("notice", "parked")],
)
def test_a_sender_that_died_on_the_way(url: str, lake: Path, tmp_path: Path, kind: str, fate: str) -> None:
    """A list may come twice. What asks a person to decide, and what a customer gets, must not."""
    ask(url, lake)
    execute(url, "UPDATE store.message SET kind = %s, state = 'sending', attempts = 1, token = 0", kind)
    assert send(url, lake, tmp_path)["states"] == {fate: 1}
    assert rows(url, "attempts") == [(2 if fate == "sent" else 1,)]


def test_a_night_that_runs_again_asks_anew(warehouse_url: str, tmp_path: Path) -> None:
    """The first batch can no longer be answered: its mail is not sent, and the new one takes its place."""
    publish_night(warehouse_url, tmp_path, eventful_night())
    lay_batch(warehouse_url, run_record().run_id, ASKED)
    assert ask(warehouse_url, tmp_path) == {"queued": 1}
    [(old_id,)] = rows(warehouse_url, "message_id")

    again = run_record(run_id="20250701-ffffffffffff", snapshot_id="20250701-s2")
    publish_night(warehouse_url, tmp_path, eventful_night(again))
    assert ask(warehouse_url, tmp_path) == {}  # of a run that nobody sees any more
    later = [replace(row, batch_id="20250701-ffffffffff", content_hash="f" * 64) for row in ASKED[:1]]
    lay_batch(warehouse_url, again.run_id, later)
    assert ask(warehouse_url, tmp_path, BATCH_ID, later[0].batch_id) == {"queued": 1}
    [(new_id, accounts)] = rows(warehouse_url, "message_id, accounts")
    assert new_id != old_id
    assert accounts == [["CN", "A-100"]]
    assert send(warehouse_url, tmp_path, tmp_path / "mail")["states"] == {"sent": 1}

    third = run_record(run_id="20250701-gggggggggggg", snapshot_id="20250701-s3")
    publish_night(warehouse_url, tmp_path, eventful_night(third))
    last = [replace(row, batch_id="20250701-gggggggggg", content_hash="a" * 64) for row in ASKED]
    lay_batch(warehouse_url, third.run_id, last)
    assert ask(warehouse_url, tmp_path, last[0].batch_id) == {}  # one mail a day: what was sent stays
    assert remind(warehouse_url, tmp_path, timedelta(hours=6), last[0].batch_id) == {"queued": 1}
    assert rows(warehouse_url, "kind, state") == [("approval", "sent"), ("approval_reminder", "queued")]


def test_a_mail_of_an_earlier_run_does_not_leave(warehouse_url: str, tmp_path: Path) -> None:
    publish_night(warehouse_url, tmp_path, eventful_night())
    lay_batch(warehouse_url, run_record().run_id, ASKED)
    ask(warehouse_url, tmp_path)
    again = run_record(run_id="20250701-ffffffffffff", snapshot_id="20250701-s2")
    publish_night(warehouse_url, tmp_path, eventful_night(again))
    assert send(warehouse_url, tmp_path, tmp_path / "mail")["states"] == {"suppressed": 1}
    stopped = run_record(run_id="20250701-gggggggggggg", snapshot_id="20250701-s3", gate="stop", status="stopped")
    publish_night(warehouse_url, tmp_path, eventful_night(stopped))
    assert ask(warehouse_url, tmp_path) == {}
