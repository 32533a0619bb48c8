"""Rows of a published night become rows of the outbox, once, and leave it in the right state."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.errors import FenceError, OutreachError
from huikuan.outreach import EmlFolder, send_messages, write_messages
from huikuan.outreach.message import Mail, compose
from huikuan.outreach.outbox import composed, over_bounds, plan_mails, usual_night
from huikuan.outreach.reading import newest_run, newest_snapshot, read_night
from huikuan.outreach.rows import Quarantined
from huikuan.outreach.transport import LostError, Outgoing
from huikuan.outreach.worklists import Worklist
from huikuan.warehouse.connect import connect
from tests.outreach_samples import DAY, MORNING, POLICY, lay_snapshot, publish_night, run_record, sample_night

EVERYBODY = ["R-ANNA", "R-IDLE", "R-LI", "M-CHEN"]


@pytest.fixture(scope="module")
def lake(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published night with an open gate, shared by the tests of this module."""
    folder = tmp_path_factory.mktemp("lake")
    publish_night(module_warehouse_url, folder, sample_night())
    return folder


@pytest.fixture
def url(module_warehouse_url: str, lake: Path) -> Iterator[str]:
    """The warehouse with that night and an empty outbox."""
    assert lake.is_dir()
    execute(module_warehouse_url, "TRUNCATE store.message")
    execute(module_warehouse_url, "DELETE FROM store.run_step WHERE step IN ('outbox', 'send')")
    yield module_warehouse_url
    execute(module_warehouse_url, "UPDATE store.run SET gate = 'open', is_backfill = false")


def rows(url: str, columns: str = "kind, recipient, state") -> list[tuple[Any, ...]]:
    with connect(url, "auditor") as connection:
        return connection.execute(f"SELECT {columns} FROM store.message ORDER BY kind, recipient").fetchall()


def execute(url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


def send(url: str, lake: Path, folder: Path, now: datetime = MORNING) -> dict[str, Any]:
    return send_messages(url, lake, DAY, EmlFolder(folder), POLICY, now=now)


def test_rows_of_the_night_come_back_as_they_were_published(url: str, lake: Path) -> None:
    with connect(url, "mailer") as connection:
        run = newest_run(connection, DAY)
        assert run is not None
        assert read_night(connection, lake, run) == sample_night()


def test_mails_reach_the_folder_once(url: str, lake: Path, tmp_path: Path) -> None:
    assert write_messages(url, lake, DAY, POLICY) == {"queued": 4}
    first = send(url, lake, tmp_path)
    assert (first["sent_now"], first["states"], first["attention"]) == (4, {"sent": 4}, {})
    files = {path.name: path.read_bytes() for path in (tmp_path / "2025-07-01").iterdir()}
    assert sorted(files) == ["digest-R-ANNA.eml", "digest-R-IDLE.eml", "digest-R-LI.eml", "escalation-M-CHEN.eml"]
    assert dict(rows(url, "kind || '-' || recipient || '.eml', content")) == files
    assert {row[0] for row in rows(url, "attempts")} == {1}
    mail = email.message_from_bytes(files["digest-R-LI.eml"], policy=email.policy.default)
    assert mail["To"] == "li.wei@example.test"

    second = send(url, lake, tmp_path / "again")
    assert (second["sent_now"], second["states"]) == (0, {"sent": 4})
    assert not (tmp_path / "again").exists()


def test_what_is_written_stays(url: str, lake: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    before = rows(url, "*")
    assert write_messages(url, lake, DAY, POLICY) == {"queued": 4}  # what the finished step handed on
    execute(url, "UPDATE store.run_step SET state = 'running' WHERE step = 'outbox'")
    assert write_messages(url, lake, DAY, POLICY) == {}
    assert rows(url, "*") == before


def test_the_outbox_row_says_what_the_mail_holds(url: str, lake: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    columns = "recipient, run_id, address, content, content_hash, accounts, not_before, not_after, attempts, token"
    [row] = [row for row in rows(url, columns) if row[0] == "R-ANNA"]
    assert row[1] == sample_night().run.run_id
    assert row[2] == "anna.berg@example.test"
    assert hashlib.sha256(row[3]).hexdigest() == row[4]
    assert row[5] == [["US", "B-200"], ["US", "B-201"]]
    assert row[6] == datetime(2025, 6, 30, 23, tzinfo=UTC)
    assert row[7] == datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert row[8:] == (0, 0)


def test_nothing_leaves_before_the_window_and_a_missed_morning_expires(url: str, lake: Path, tmp_path: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    early = send(url, lake, tmp_path, MORNING - timedelta(hours=2))
    assert (early["sent_now"], early["states"]) == (0, {"queued": 4})
    late = send(url, lake, tmp_path, MORNING + timedelta(hours=13))
    assert (late["sent_now"], late["states"]) == (0, {"expired": 4})
    assert not tmp_path.joinpath("2025-07-01").exists()
    assert send(url, lake, tmp_path)["states"] == {"expired": 4}  # for good, whatever a clock says later


def test_gate_closed_between_writing_and_sending(url: str, lake: Path, tmp_path: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    execute(url, "UPDATE store.run SET gate = 'no_contact'")
    assert send(url, lake, tmp_path)["states"] == {"suppressed": 4}


def test_who_left_or_moved_since_gets_nothing(url: str, lake: Path, tmp_path: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    night = sample_night()
    changed = {
        "R-LI": replace(night.readers["R-LI"], is_active=False),
        "R-ANNA": replace(night.readers["R-ANNA"], email="new@example.test"),
    }
    folder = lay_snapshot(lake, replace(night, readers=night.readers | changed), "20250701-s10")
    try:
        assert newest_snapshot(lake, DAY) == folder
        result = send(url, lake, tmp_path)
    finally:
        (folder / "manifest.json").unlink()
        folder.rename(tmp_path / "gone")
    assert dict(rows(url, "recipient, state")) == {
        "R-LI": "suppressed",
        "R-ANNA": "parked",
        "R-IDLE": "sent",
        "M-CHEN": "sent",
    }
    [[parked]] = [ids for state, ids in result["attention"].items() if state == "parked"]
    assert "@example.test" in parked
    assert "anna" not in parked


def test_changed_bytes_are_not_sent(url: str, lake: Path, tmp_path: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    execute(url, "UPDATE store.message SET content = content || 'x' WHERE recipient = 'R-LI'")
    assert send(url, lake, tmp_path)["states"] == {"sent": 3, "parked": 1}


class _Overtaken:
    """A transport during whose work another sender settles what is on its way, as if this one were dead."""

    leaves_the_house = False

    def __init__(self, url: str) -> None:
        self.url = url
        self.delivered = 0

    def prepare(self, mail: Outgoing) -> None:
        """Nothing to do."""

    def deliver(self, mail: Outgoing) -> None:
        """Somebody else has the mail now."""
        self.delivered += 1 if mail.content else 0
        execute(self.url, "UPDATE store.message SET state = 'parked', token = token + 1 WHERE state = 'sending'")

    def close(self) -> None:
        """Nothing to end."""


def test_a_sender_whose_mail_was_taken_over_stops_and_records_nothing(url: str, lake: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    transport = _Overtaken(url)
    with pytest.raises(FenceError, match="taken over"):
        send_messages(url, lake, DAY, transport, POLICY, now=MORNING)
    assert transport.delivered == 1
    assert sorted(row[2] for row in rows(url)) == ["parked", "queued", "queued", "queued"]


class _Nested:
    """A transport that runs a second sender while the first has a mail in its hands."""

    leaves_the_house = False

    def __init__(self, url: str, lake: Path, folder: Path) -> None:
        self.again = lambda: send(url, lake, folder)
        self.mine: list[str] = []
        self.seen: list[dict[str, Any]] = []

    def prepare(self, mail: Outgoing) -> None:
        """The row is locked, its state unchanged."""
        assert mail.content
        if not self.mine:
            self.seen.append(self.again())

    def deliver(self, mail: Outgoing) -> None:
        """The row is ``sending`` under a token whose holder lives."""
        self.mine.append(mail.recipient)
        self.seen.append(self.again())

    def close(self) -> None:
        """Nothing to end."""


def test_a_second_sender_takes_the_rest_and_leaves_alone_what_the_first_has(
    url: str, lake: Path, tmp_path: Path
) -> None:
    write_messages(url, lake, DAY, POLICY)
    first = _Nested(url, lake, tmp_path)
    result = send_messages(url, lake, DAY, first, POLICY, now=MORNING)
    assert first.mine == ["M-CHEN"]
    assert (result["sent_now"], result["states"]) == (1, {"sent": 4})
    during = [(seen["sent_now"], seen["waiting"], seen["states"]) for seen in first.seen]
    assert during == [(3, 1, {"queued": 1, "sent": 3}), (0, 1, {"sending": 1, "sent": 3})]
    assert {row[0] for row in rows(url, "attempts")} == {1}


def test_reports_and_lists_left_on_their_way_are_tried_once_more_escalations_are_parked(
    url: str, lake: Path, tmp_path: Path
) -> None:
    write_messages(url, lake, DAY, POLICY)
    execute(url, "UPDATE store.message SET state = 'sending', attempts = 1, token = 0")
    result = send(url, lake, tmp_path)
    assert result["states"] == {"sent": 3, "parked": 1}
    assert [(row[0], row[3]) for row in rows(url, "kind, recipient, state, attempts")] == [
        ("digest", 2),
        ("digest", 2),
        ("digest", 2),
        ("escalation", 1),
    ]
    [(_, parked)] = result["attention"].items()
    assert parked == [row[1] for row in rows(url, "kind, message_id") if row[0] == "escalation"]


def test_a_run_without_a_night_is_an_error(url: str, lake: Path) -> None:
    with pytest.raises(OutreachError, match="There is no run of 2025-07-02"):
        write_messages(url, lake, DAY + timedelta(days=1), POLICY)


def test_folder_of_mails_that_cannot_be_written(url: str, lake: Path, tmp_path: Path) -> None:
    write_messages(url, lake, DAY, POLICY)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutreachError, match="cannot be written"):
        send(url, lake, tmp_path / "file")
    assert {row[2] for row in rows(url)} == {"queued"}


@pytest.mark.parametrize("recipient", ["../../x", "a/b", "张三", "", "x-" + "0" * 32, "." * 300, "con\x00"])
def test_recipients_cannot_choose_the_file(recipient: str, tmp_path: Path) -> None:
    folder = EmlFolder(tmp_path)
    mail = Outgoing("<1@x>", DAY, "digest", recipient, "a@b", b"x\r\n")
    folder.prepare(mail)
    folder.deliver(mail)
    [path] = (tmp_path / "2025-07-01").iterdir()
    assert path.name.startswith("digest-x-")
    assert path.read_bytes() == b"x\r\n"


def test_half_a_mail_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the target file is not there, and the mail waits."""
    folder = EmlFolder(tmp_path)
    mail = Outgoing("<1@x>", DAY, "digest", "R", "a@b", b"x\r\n")
    folder.prepare(mail)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LostError, match="No space left"):
        folder.deliver(mail)
    assert not folder.path(mail).exists()


def test_a_night_in_doubt_contacts_nobody_but_the_data_owner(warehouse_url: str, tmp_path: Path) -> None:
    """Then the feed is repaired, the night runs again, and everybody gets a list of the new run, once."""
    reason = {"rule_id": "complete.receipt", "en": "Receipts are missing.", "zh": "缺少收款。"}
    doubt = sample_night(run_record(gate="no_contact", gate_reasons=[reason]))
    publish_night(warehouse_url, tmp_path, replace(doubt, payments_complete_to=None))
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"suppressed": 4, "queued": 1}
    result = send(warehouse_url, tmp_path, tmp_path / "mail")
    assert result["states"] == {"suppressed": 4, "sent": 1}
    [file] = (tmp_path / "mail/2025-07-01").iterdir()
    assert file.name == "data_owner-F-DATA.eml"
    assert b"Receipts are missing." in file.read_bytes()

    repaired = sample_night(run_record(run_id="20250701-ffffffffffff", snapshot_id="20250701-s2"))
    publish_night(warehouse_url, tmp_path, repaired)
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 4}
    assert {row[1] for row in rows(warehouse_url, "kind, run_id") if row[0] == "digest"} == {"20250701-ffffffffffff"}
    result = send(warehouse_url, tmp_path, tmp_path / "mail")
    assert (result["sent_now"], result["states"]) == (4, {"sent": 5})


def test_mails_that_did_not_leave_are_made_afresh_by_a_newer_run(warehouse_url: str, tmp_path: Path) -> None:
    """What was sent, or may have been, stays; what certainly was not takes the newer figures, and a new identity."""
    publish_night(warehouse_url, tmp_path, sample_night())
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 4}
    before = dict(rows(warehouse_url, "recipient, message_id"))
    for recipient, state, attempts in (
        ("R-ANNA", "sent", 1),
        ("R-IDLE", "deferred", 1),
        ("M-CHEN", "parked", 1),
        ("R-LI", "parked", 0),
    ):
        change = "UPDATE store.message SET state = %s, attempts = %s WHERE recipient = %s"
        execute(warehouse_url, change, state, attempts, recipient)
    newer = sample_night(run_record(run_id="20250701-ffffffffffff", snapshot_id="20250701-s2"))
    publish_night(warehouse_url, tmp_path, newer)
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 2}
    assert set(rows(warehouse_url, "recipient, attempts")) >= {("R-IDLE", 0), ("R-LI", 0)}
    after = dict(rows(warehouse_url, "recipient, message_id"))
    assert {recipient for recipient, message_id in after.items() if message_id == before[recipient]} == {
        "R-ANNA",
        "M-CHEN",
    }
    result = send(warehouse_url, tmp_path, tmp_path / "mail")
    assert (result["sent_now"], result["states"]) == (2, {"parked": 1, "sent": 3})


def test_a_refused_list_is_made_afresh_by_a_newer_run(warehouse_url: str, tmp_path: Path) -> None:
    """Its address was wrong, somebody mended the ledger, and the night ran again: the list leaves the same morning."""
    publish_night(warehouse_url, tmp_path, sample_night())
    write_messages(warehouse_url, tmp_path, DAY, POLICY)
    execute(warehouse_url, "UPDATE store.message SET state = 'sent', attempts = 1")
    execute(warehouse_url, "UPDATE store.message SET state = 'refused' WHERE recipient = 'R-LI'")
    mended = sample_night(run_record(run_id="20250701-ffffffffffff", snapshot_id="20250701-s2"))
    mended.readers["R-LI"] = replace(mended.readers["R-LI"], email="li.wei.2@example.test")
    publish_night(warehouse_url, tmp_path, mended)
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 1}
    assert send(warehouse_url, tmp_path, tmp_path / "mail")["states"] == {"sent": 4}
    assert ("R-LI", "li.wei.2@example.test") in rows(warehouse_url, "recipient, address")


def test_far_more_mails_than_usual_are_parked(warehouse_url: str, tmp_path: Path) -> None:
    """Against the median of recent nights: a week of one list a day, then four; one strange night changes nothing."""
    publish_night(warehouse_url, tmp_path, sample_night())
    bound = POLICY.model_copy(update={"never_too_many": 2})
    for ago in range(1, 7):
        _earlier(warehouse_url, DAY - timedelta(days=ago), 50 if ago == 3 else 1)
    with connect(warehouse_url, "mailer") as connection:
        assert usual_night(connection, DAY) == (1, 0)
        assert usual_night(connection, DAY - timedelta(days=2)) is None  # four nights before it are too few
    assert write_messages(warehouse_url, tmp_path, DAY, bound) == {"parked": 4, "queued": 1}
    reason = "4 mails in one night, the policy allows 3: 3 times the usual 1"
    assert [row[0] for row in rows(warehouse_url, "last_error") if row[0]] == [reason] * 4
    assert over_bounds(4, 1, POLICY, (1, 0)) is None  # few are never too many
    assert over_bounds(100, 21, POLICY, (90, 1)) == (
        "21 escalations in one night, the policy allows 20: 3 times the usual 1"
    )


def _earlier(url: str, day: date, count: int) -> None:
    """Lists that were sent on a day before."""
    execute(
        url,
        """
        INSERT INTO store.message (message_id, business_date, kind, recipient, address, subject, content, content_hash,
            accounts, state, attempts, token, created_at, not_before, not_after)
        SELECT %s || n, %s, 'digest', 'R' || n, 'a@example.test', 's', '', '', '[]', 'sent', 1, 1, now(), now(), now()
        FROM generate_series(1, %s) AS n
        """,
        f"<{day}-",
        day,
        count,
    )


def test_too_many_mails_are_all_parked_and_the_data_owner_hears_of_it(warehouse_url: str, tmp_path: Path) -> None:
    """As the plan of the night says, though the mails are written one after the other."""
    publish_night(warehouse_url, tmp_path, sample_night())
    bound = POLICY.model_copy(update={"max_mails": 3})
    assert write_messages(warehouse_url, tmp_path, DAY, bound) == {"parked": 4, "queued": 1}
    planned = {(plan.worklist.reader.rep_id, plan.state, plan.because) for plan in plan_mails(sample_night(), bound)}
    assert set(rows(warehouse_url, "recipient, state, last_error")) == planned
    assert send(warehouse_url, tmp_path, tmp_path / "mail")["states"] == {"parked": 4, "sent": 1}


def test_a_dropped_mail_is_not_made_afresh(warehouse_url: str, tmp_path: Path) -> None:
    publish_night(warehouse_url, tmp_path, sample_night())
    write_messages(warehouse_url, tmp_path, DAY, POLICY)
    dropped = """
        INSERT INTO store.message_action SELECT message_id, 1, business_date, 'dropped', 'M-CHEN', 'x', 'parked',
        'suppressed', NULL, now() FROM store.message WHERE recipient = 'R-LI'
    """
    execute(warehouse_url, "UPDATE store.message SET state = 'suppressed' WHERE recipient = 'R-LI'")
    execute(warehouse_url, dropped)
    newer = sample_night(run_record(run_id="20250701-ffffffffffff", snapshot_id="20250701-s2"))
    publish_night(warehouse_url, tmp_path, newer)
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 3}


def test_a_mail_that_cannot_be_rendered_holds_up_nobody_elses(
    url: str, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(worklist: Worklist, *arguments: Any) -> Mail:
        if worklist.reader.rep_id == "R-LI":
            raise KeyError("杭州钱塘机电设备有限公司")
        return compose(worklist, *arguments)

    monkeypatch.setattr("huikuan.outreach.outbox.compose", broken)
    assert write_messages(url, lake, DAY, POLICY) == {"queued": 3, "parked": 1}
    assert "the mail of R-LI is not rendered: KeyError" in caplog.text
    assert "杭州" not in caplog.text
    assert send(url, lake, tmp_path)["states"] == {"sent": 3, "parked": 1}


def test_several_processes_render_the_same_bytes() -> None:
    plans = plan_mails(sample_night(), POLICY) * 10
    one, two = ([mail for _, mail in composed(plans, POLICY, MORNING, workers=count)] for count in (1, 2))
    assert one == two
    assert len(one) == 40


RENDER = """
from tests.outreach_samples import MORNING, POLICY, sample_night
from huikuan.outreach.outbox import composed, plan_mails
if __name__ == "__main__":
    for plan, mail in composed(plan_mails(sample_night(), POLICY) * 500, POLICY, MORNING, workers=2):
        print(mail.recipient, flush=True)
"""


def test_processes_that_render_end_with_the_one_that_they_work_for(tmp_path: Path) -> None:
    """Its end closes their output: only then does reading come to an end."""
    script, root = tmp_path / "render.py", Path(__file__).parents[2]
    script.write_text(RENDER)
    environment = {**os.environ, "PYTHONPATH": f"{root / 'plugins'}:{root}"}
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.kill()
    rest, _ = process.communicate()
    assert len(rest.splitlines()) < 1999


def test_a_stopped_night_tells_the_data_owner_only(warehouse_url: str, tmp_path: Path) -> None:
    reason = {"rule_id": "structure", "en": "The ledger has no documents.", "zh": "没有单据。"}
    stopped = run_record(gate="stop", status="stopped", gate_reasons=[reason])
    night = replace(sample_night(stopped), quarantined=[Quarantined("document", 0, "r", "broken")], quarantined_rows=1)
    publish_night(warehouse_url, tmp_path, night)
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 1}
    assert rows(warehouse_url, "kind, recipient, run_id") == [("data_owner", "F-DATA", None)]
    assert send(warehouse_url, tmp_path, tmp_path / "mail")["states"] == {"sent": 1}


def test_a_backfill_contacts_nobody(warehouse_url: str, tmp_path: Path) -> None:
    run = run_record(gate="no_contact", is_backfill=True)
    publish_night(warehouse_url, tmp_path, sample_night(run))
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"suppressed": 5}
    assert send(warehouse_url, tmp_path, tmp_path / "mail")["states"] == {"suppressed": 5}
    assert not (tmp_path / "mail").exists()


def test_quarantined_people_and_names_are_not_used(warehouse_url: str, tmp_path: Path) -> None:
    """Row 0 of rep is R-LI: validation threw it out, so nobody is addressed by it."""
    night = replace(sample_night(), quarantined=[Quarantined("rep", 0, "rep.email", "no address")], quarantined_rows=1)
    publish_night(warehouse_url, tmp_path, night)
    assert write_messages(warehouse_url, tmp_path, DAY, POLICY) == {"queued": 4}
    assert [row[1] for row in rows(warehouse_url)] == ["F-DATA", "R-ANNA", "R-IDLE", "M-CHEN"]
