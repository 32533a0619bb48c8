"""Approvals through a real Airflow: scheduler, DAG processor, API server, LocalExecutor, and a real PostgreSQL.

Three nights of three companies are put before their approvers over the API. The first is approved with one account
left out, after everybody else was refused; the rows of the second change before the answer; nobody answers the third in
time. Names of customers are attacks, and a password that none of them may find is searched for in all that was written.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.orchestration import local, referrals
from huikuan.orchestration.run import Run
from huikuan.outreach import write_approval_requests
from huikuan.referrals.batches import open_batches
from huikuan.referrals.decisions import decide
from huikuan.settings import Settings
from huikuan.warehouse.migrate import migrate
from tests.approval_airflow import Stage, environment, everything_written, task_log
from tests.referral_samples import POISON, Line, lay_ledger, publish_lines

pytestmark = pytest.mark.airflow

DAG = "collections_referrals"
ANSWERED, CHANGED, SILENT = (date(2026, 3, day) for day in (2, 3, 4))
USERS = ("M-CHEN", "M-BOSS", "R-LI")
CANARY = "canary-approval-9Vw"
HOURS = 10
"""policy.approvals.answer_within_hours of include/policy/default.yaml"""


@dataclass
class Seen:
    """What Airflow did and what it wrote."""

    url: str
    metadata: str
    airflow_home: Path
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    runs: dict[date, str] = field(default_factory=dict)
    decided_after: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    deadline: datetime | None = None

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values).fetchall()

    def log(self, day: date, map_index: int, attempt: int = 1) -> str:
        return task_log(self.airflow_home, DAG, self.runs[day], "approve", map_index, attempt)


@pytest.fixture(scope="module")
def seen(new_database: Callable[..., str]) -> Iterator[Seen]:
    """The whole story, told once."""
    home = Path(tempfile.mkdtemp(prefix="huikuan-approvals-"))
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=None)
    url = new_database()
    migrate(url)
    _lay_nights(url, settings.lake)
    metadata = new_database()
    given = environment(url, CANARY, HUIKUAN_APPROVERS=json.dumps({"M-BOSS": "M-BOSS"}))
    try:
        stage = Stage.start(settings, DAG, "open_batches", USERS, metadata, given)
        told = Seen(url, metadata, stage.airflow.home)
        _tell_the_story(stage, told, settings.lake)
        local.stop(settings.home / "airflow")
        yield told
    finally:
        local.stop(settings.home / "airflow")
        shutil.rmtree(home)


def _lay_nights(url: str, lake: Path) -> None:
    """One night per company, so that none is too late for the others; ledger and rows of each."""
    poisoned = {("C1", f"A{n}"): name for n, name in enumerate(POISON, start=1)}
    lay_ledger(lake, ANSWERED, accounts=poisoned | {("C1", "A6"): "Six"})
    attacks = [Line(account, str(9000 - n)) for n, (_, account) in enumerate(poisoned)]
    publish_lines(url, lake / "tables", [*attacks, Line("A6", approver_id="M-BOSS")], day=ANSWERED)
    for day, company in ((CHANGED, "C2"), (SILENT, "C3")):
        lay_ledger(lake, day, accounts={(company, "A1"): "One", (company, "A2"): "Two"})
        publish_lines(url, lake / "tables", _lines(company), day=day)


def _lines(company: str) -> list[Line]:
    return [Line("A1", "500", company_id=company), Line("A2", "400", company_id=company)]


def _tell_the_story(stage: Stage, told: Seen, lake: Path) -> None:
    told.runs[ANSWERED] = stage.trigger(partition_key=str(ANSWERED))
    for day in (CHANGED, SILENT):
        told.runs[day] = stage.trigger(conf={"business_date": str(day)})

    run = told.runs[ANSWERED]
    stage.wait(run, {0: "awaiting_input", 1: "awaiting_input"})
    pages = {page["user"]: page for page in stage.pages(run)}
    told.pages |= pages
    chen, boss = (pages[user]["map_index"] for user in ("M-CHEN", "M-BOSS"))
    told.answers["a rep"] = stage.answer("R-LI", run, chen, "Approve")
    told.answers["another approver"] = stage.answer("M-BOSS", run, chen, "Approve")
    told.answers["the admin"] = stage.answer(local.USER, run, chen, "Approve")
    told.decided_after["refusals"] = _decisions(told)
    told.answers["no such choice"] = stage.answer("M-CHEN", run, chen, "Yes")
    told.answers["the approver"] = stage.answer("M-CHEN", run, chen, "Approve", leave_out="#2", note="court date set")
    told.answers["the approver again"] = stage.answer("M-CHEN", run, chen, "Reject")

    stage.wait(told.runs[CHANGED], {0: "awaiting_input"})
    told.pages |= {"changed": stage.pages(told.runs[CHANGED])[0]}
    publish_lines(told.url, lake / "tables", _lines("C2")[:1], day=CHANGED, run="b")
    told.answers["after a change"] = stage.answer("M-CHEN", told.runs[CHANGED], 0, "Approve")

    stage.wait(run, {chen: "success", boss: "awaiting_input"})
    told.decided_after["the approval"] = _decisions(told)
    # Marked as success by hand in Airflow: that is not an answer.
    stage.api.patch(f"/dags/{DAG}/dagRuns/{run}/taskInstances/approve/{boss}", {"new_state": "success"})

    # Asked again as somebody might who saw the failure: with new batches, since the rows have changed.
    stage.wait(told.runs[CHANGED], {0: "failed"})
    stage.clear(told.runs[CHANGED], "open_batches")
    stage.wait(told.runs[CHANGED], {0: "failed"}, attempt=2)

    stage.wait(told.runs[SILENT], {0: "awaiting_input"})
    told.deadline = stage.let_time_pass(told.runs[SILENT], 0)
    stage.wait(told.runs[SILENT], {0: "skipped"})
    told.answers["too late"] = stage.answer("M-CHEN", told.runs[SILENT], 0, "Approve")
    stage.wait(run, {chen: "success", boss: "success"})
    time.sleep(5)  # whatever a late answer might still start
    told.decided_after["everything"] = _decisions(told)
    for day, run_id in told.runs.items():
        told.states |= {f"{day} {task}": state for task, state in stage.states(run_id).items()}


def _decisions(told: Seen) -> list[tuple[Any, ...]]:
    return told.rows("SELECT company_id, account_id, choice FROM store.referral_decision ORDER BY 1, 2")


# --- what came of it -------------------------------------------------------------------------------------------------

APPROVED = [("C1", f"A{n}", "left_out" if n == 2 else "approved") for n in range(1, 6)]


def test_only_the_assigned_approver_may_answer(seen: Seen) -> None:
    assert {name: seen.answers[name] for name in ("a rep", "another approver", "the admin")} == {
        "a rep": 403,
        "another approver": 403,
        "the admin": 403,
    }
    assert seen.decided_after["refusals"] == []
    assert (seen.answers["no such choice"], seen.answers["the approver"], seen.answers["the approver again"]) == (
        400,
        200,
        409,
    )


def test_an_approval_with_one_account_left_out_is_recorded_exactly(seen: Seen) -> None:
    assert seen.decided_after["the approval"] == APPROVED
    rows = seen.rows(
        "SELECT DISTINCT d.batch_id, d.flag, d.proposed_by, d.decided_by, d.decided_on, d.via, d.note,"
        " d.content_hash = b.content_hash FROM store.referral_decision AS d JOIN store.referral_batch AS b"
        " USING (batch_id)"
    )
    [(batch_id, *rest)] = rows
    assert rest == ["stop_supply", "policy:1", "M-CHEN", ANSWERED, "airflow", "court date set", True]
    assert seen.pages["M-CHEN"]["subject"].endswith(f"{batch_id} · 5")


def test_nothing_else_was_ever_decided(seen: Seen) -> None:
    """Not by marking a task, not after a change, not too late."""
    assert seen.answers["after a change"] == 200
    assert seen.answers["too late"] == 200  # Airflow takes it; nobody acts on it
    assert seen.decided_after["everything"] == APPROVED


def test_the_page_shows_batch_hash_and_accounts_and_no_default(seen: Seen) -> None:
    page = seen.pages["M-CHEN"]
    [(batch_id, digest)] = seen.rows(
        "SELECT batch_id, content_hash FROM store.referral_batch WHERE approver_id = 'M-CHEN' AND business_date = %s",
        ANSWERED,
    )
    assert page["options"] == ["Approve", "Reject"]
    assert page["defaults"] is None
    assert f"`{batch_id}`" in page["body"]
    assert f"`{digest}`" in page["body"]
    assert sum(line.startswith("| ") and "stop_supply.late" in line for line in page["body"].splitlines()) == 5
    assert set(page["params"]) == {"leave_out", "note"}


def test_text_of_the_ledger_is_shown_and_does_nothing(seen: Seen) -> None:
    body = seen.pages["M-CHEN"]["body"]
    assert "`{{ conn.huikuan_warehouse.password }}`" in body
    assert "`<script>alert(1)</script> </td>`" in body
    assert "\u202e" not in body
    assert {line.count("|") for line in body.splitlines() if line.startswith("|")} == {10}


def test_a_batch_that_changed_is_not_applied_and_says_so(seen: Seen) -> None:
    log = seen.log(CHANGED, 0)
    assert "NOT applied" in log
    assert f"The rows of {CHANGED} have changed since batch" in log
    assert re.search(r"ALERT 告警.*have changed since batch", log), "the operator reads why"


def test_a_cleared_task_that_shows_its_first_text_is_not_asked(seen: Seen) -> None:
    """After a change there is a new batch; the cleared task of the old one would still show the old table."""
    log = seen.log(CHANGED, 0, attempt=2)
    assert "This task shows another batch than" in log
    assert len(seen.rows("SELECT 1 FROM store.referral_batch WHERE business_date = %s", CHANGED)) == 2


def test_no_answer_is_not_an_approval(seen: Seen) -> None:
    [(opened_at,)] = seen.rows("SELECT opened_at FROM store.referral_batch WHERE business_date = %s", SILENT)
    assert seen.deadline is not None
    assert abs(seen.deadline - opened_at - timedelta(hours=HOURS)) < timedelta(minutes=1)
    assert seen.states[f"{SILENT} approve 0"] == "skipped"
    assert "was not answered in time" in seen.log(SILENT, 0)
    assert "awaiting" not in seen.states.values()


def test_approvers_were_told_by_mail(seen: Seen) -> None:
    assert {day: seen.states[f"{day} tell -1"] for day in seen.runs} == dict.fromkeys(seen.runs, "success")
    mails = seen.rows("SELECT business_date, recipient, state FROM store.message WHERE kind = 'approval' ORDER BY 1, 2")
    assert (ANSWERED, "M-CHEN", "sent") in mails
    assert (ANSWERED, "M-BOSS", "sent") in mails


def test_legal_packets_wait_for_nobody(seen: Seen) -> None:
    assert {day: seen.states[f"{day} packets -1"] for day in seen.runs} == dict.fromkeys(seen.runs, "success")


def test_no_password_is_written_anywhere(seen: Seen) -> None:
    """Logs, and the whole metadata database: XCom, rendered fields, pages for approvers."""
    written = everything_written(seen.airflow_home, seen.metadata)
    assert "{{ conn.huikuan_warehouse.password }}" in written, "the search itself works"
    assert CANARY not in written


def test_only_ids_and_counts_travel_between_tasks(seen: Seen) -> None:
    with psycopg.connect(seen.metadata) as connection:
        values = [value for (value,) in connection.execute("SELECT value FROM xcom WHERE task_id = 'approve'")]
        texts = connection.execute("SELECT rendered_fields::text FROM rendered_task_instance_fields").fetchall()
        texts += connection.execute("SELECT value::text FROM xcom").fetchall()
    answers = [value for value in values if isinstance(value, dict)]
    assert [{name: answer[name] for name in ("approved", "rejected", "left_out")} for answer in answers] == [
        {"approved": 4, "rejected": 0, "left_out": 1}
    ]
    assert not [text for (text,) in texts if "conn." in text or "Six" in text or "court date" in text]


# --- the mails -------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(warehouse_url: str, tmp_path: Path) -> tuple[Run, list[str]]:
    """A run whose two batches wait, on a machine without a mail server."""
    lake = tmp_path / "lake"
    lay_ledger(lake)
    publish_lines(warehouse_url, lake / "tables")
    settings = Settings(home=tmp_path, lake=lake, mail=tmp_path / "mail", warehouse_url=warehouse_url)
    run = Run(ANSWERED, {}, settings, False)
    return run, referrals.open_batches(run)


def _opened_ago(run: Run, hours: float) -> None:
    with psycopg.connect(str(run.settings.warehouse_url)) as connection:
        connection.execute("UPDATE store.referral_batch SET opened_at = now() - %s::interval", [f"{hours} hours"])


def _mails(run: Run) -> list[tuple[Any, ...]]:
    with psycopg.connect(str(run.settings.warehouse_url)) as connection:
        return connection.execute("SELECT kind, recipient, state FROM store.message ORDER BY 1, 2").fetchall()


def test_each_approver_gets_one_mail(opened: tuple[Run, list[str]]) -> None:
    run, batch_ids = opened
    for _ in range(2):
        assert referrals.tell(run, batch_ids) == (True, {"sent": 2})
    assert _mails(run) == [("approval", "M-BOSS", "sent"), ("approval", "M-CHEN", "sent")]


def test_nobody_is_told_of_nothing(opened: tuple[Run, list[str]]) -> None:
    run, _ = opened
    assert referrals.tell(run, []) == (True, {})
    assert referrals.remind(run, []) == (True, {})
    assert _mails(run) == []


def test_a_back_fill_asks_nobody(opened: tuple[Run, list[str]]) -> None:
    assert referrals.open_batches(replace(opened[0], is_backfill=True)) == []


def test_who_has_not_answered_is_reminded_once(opened: tuple[Run, list[str]]) -> None:
    run, batch_ids = opened
    assert referrals.remind(run, batch_ids) == (False, {}), "not yet: it asks again later"
    _opened_ago(run, 7)
    [boss] = [batch_id for batch_id in batch_ids if batch_id not in _answer_as_chen(run, batch_ids)]
    for _ in range(2):
        is_over, states = referrals.remind(run, [boss])
        assert is_over, states
    assert [(kind, who) for kind, who, _ in _mails(run)] == [("approval_reminder", "M-BOSS")]
    _opened_ago(run, HOURS + 1)
    assert referrals.remind(run, batch_ids) == (True, {}), "past the deadline there is nothing to remind of"


def test_when_all_have_answered_the_waiting_ends(opened: tuple[Run, list[str]]) -> None:
    run, batch_ids = opened
    answered = _answer_as_chen(run, batch_ids)
    assert referrals.remind(run, answered) == (True, {})


def _answer_as_chen(run: Run, batch_ids: list[str]) -> list[str]:
    """The ids of the batches that M-CHEN could answer, answered."""
    with psycopg.connect(str(run.settings.warehouse_url)) as connection:
        rows = connection.execute("SELECT batch_id FROM store.referral_batch WHERE approver_id = 'M-CHEN'").fetchall()
    for (batch_id,) in rows:
        assert batch_id in batch_ids
        decide(str(run.settings.warehouse_url), run.settings.lake, batch_id, "approve", by="M-CHEN", via="airflow")
    return [batch_id for (batch_id,) in rows]


def test_two_senders_share_a_date(opened: tuple[Run, list[str]]) -> None:
    """What one that lives has in its hands is waited for; the other takes the rest."""
    run, batch_ids = opened
    url, lake = str(run.settings.warehouse_url), run.settings.lake
    write_approval_requests(url, lake, ANSWERED, run.policy.outreach, batch_ids, answer_within_hours=24)
    with psycopg.connect(url) as other:
        other.execute("SELECT FROM store.message ORDER BY recipient LIMIT 1 FOR UPDATE")
        assert referrals.tell(run, batch_ids) == (False, {"queued": 1, "sent": 1})
    assert referrals.tell(run, batch_ids) == (True, {"sent": 2})


# --- the operator alone ----------------------------------------------------------------------------------------------


@pytest.fixture
def resumed(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """Resume the approval of one batch of M-CHEN as Airflow would, with the event given."""
    from huikuan.orchestration import approval

    lake = tmp_path / "lake"
    lay_ledger(lake)
    publish_lines(warehouse_url, lake / "tables", [Line("A1"), Line("A2")])
    [batch_id] = open_batches(warehouse_url, lake, ANSWERED)
    settings = Settings(home=tmp_path, lake=lake, mail=tmp_path / "mail", warehouse_url=warehouse_url)
    monkeypatch.setattr(approval, "current", lambda: Run(ANSWERED, {}, settings, False))

    def resume(user: str | None = "M-CHEN", shown: str | None = None, **changes: Any) -> object:
        with psycopg.connect(warehouse_url) as connection:
            [(digest,)] = connection.execute("SELECT content_hash FROM store.referral_batch").fetchall()
        event = {
            "chosen_options": ["Approve"],
            "params_input": {},
            "responded_at": datetime(2026, 3, 2, tzinfo=UTC),
            "responded_by_user": {"id": user, "name": user} if user else None,
            "timedout": False,
        }
        task = approval.ReferralApproval(task_id="approve", batch_id=batch_id)
        return task.execute_complete({}, event | changes, shown_hash=shown or digest)

    return resume


def recorded(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT account_id, choice FROM store.referral_decision ORDER BY 1").fetchall()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"user": "admin"}, "the answer came from somebody else"),
        ({"user": None}, "the answer came from somebody else"),
        ({"shown": "0" * 64}, "the hashes differ"),
        ({"params_input": {"leave_out": ["A9"]}}, "'A9' is neither"),
        ({"params_input": {"leave_out": {"A1": 1}}}, "neither a text nor a list"),
        ({"params_input": {"leaveout": "A1"}}, "unknown fields: leaveout"),
        ({"params_input": {"note": 7}}, "note is not a text"),
        ({"chosen_options": ["Reject"], "params_input": {"leave_out": "A1"}}, "cannot leave accounts out"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_airflow_let_through_is_refused_here(
    resumed: Callable[..., object], warehouse_url: str, changes: dict[str, Any], message: str
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=message):
        resumed(**changes)
    assert recorded(warehouse_url) == []


@pytest.mark.parametrize("out", ["A1", " #1 ", "A1，", "C1/A1、1", ["A1"], [1], ["#1, A1", ""]], ids=str)
def test_what_is_left_out_may_be_text_or_list(
    resumed: Callable[..., object], warehouse_url: str, out: str | list[Any]
) -> None:
    resumed(params_input={"leave_out": out, "note": None})
    assert recorded(warehouse_url) == [("A1", "left_out"), ("A2", "approved")]


def test_a_rejection_is_an_answer(resumed: Callable[..., object], warehouse_url: str) -> None:
    result = resumed(chosen_options=["Reject"])
    assert result == {"batch_id": result["batch_id"], "approved": 0, "rejected": 2, "left_out": 0}  # type: ignore[index]
    assert recorded(warehouse_url) == [("A1", "rejected"), ("A2", "rejected")]
    assert resumed(chosen_options=["Reject"]) == result


def test_a_timeout_skips_and_records_nothing(resumed: Callable[..., object], warehouse_url: str) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match="was not answered in time"):
        resumed(error="…", error_type="timeout")
    assert recorded(warehouse_url) == []


def test_an_approver_may_have_another_user_name(
    resumed: Callable[..., object], warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    monkeypatch.setenv("HUIKUAN_APPROVERS", '{"M-CHEN": "chen.jing@example.com"}')
    with pytest.raises(AirflowFailException, match="somebody else"):
        resumed("M-CHEN")
    resumed("chen.jing@example.com")
    assert recorded(warehouse_url) == [("A1", "approved"), ("A2", "approved")]


@pytest.mark.parametrize("text", ["M-CHEN", "[]", '{"M-CHEN": 1}', '{"M-CHEN": ""}'])
def test_an_unreadable_mapping_is_an_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    from huikuan.errors import ReferralError
    from huikuan.orchestration.approval import airflow_user

    monkeypatch.setenv("HUIKUAN_APPROVERS", text)
    with pytest.raises(ReferralError, match="HUIKUAN_APPROVERS is not"):
        airflow_user("M-CHEN")


def test_the_operator_has_no_field_that_airflow_renders() -> None:
    from huikuan.orchestration.approval import ReferralApproval

    assert tuple(ReferralApproval.template_fields) == ()
    task = ReferralApproval(task_id="x", batch_id="{{ conn.x.password }}")
    assert task.defaults is None
    assert task.batch_id == "{{ conn.x.password }}"
