"""The month end through a real Airflow: statements asked about over the API, sent, a closed month, reports, targets.

One night of two companies. The statements of HD are approved with one left out. A file of NG is changed before the
answer, which is not applied; mended and asked again, nobody answers in time. Names of customers are attacks.
"""

from __future__ import annotations

import csv
import email
import email.policy
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from huikuan.errors import FinanceError, WarehouseError
from huikuan.finance import batches
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.orchestration import alerts, local, month_end
from huikuan.orchestration.run import Run
from huikuan.settings import DEFAULT_POLICY, Settings
from tests.approval_airflow import Stage, environment, everything_written, task_log
from tests.referral_samples import POISON, Line, lay_ledger, publish_lines

pytestmark = [pytest.mark.airflow, pytest.mark.fonts]

DAG = "collections_month_end"
DAY, CUT_OFF = date(2026, 7, 1), date(2026, 6, 30)
APPROVER, COLLEAGUE, ABROAD = "HD-F01", "HD-F02", "NG-F01"
"""Who approves HD's statements, somebody else with the role there, and who approves NG's."""
CANARY = "canary-month-end-4Kp"
HOURS = 240
"""policy.finance.statements.answer_within_hours of include/policy/default.yaml"""
NAMES = (*POISON, "客户 🦄")
WAITING = {0: "awaiting_input", 1: "awaiting_input"}
MAILS = "SELECT kind, recipient, state, attempts, content_hash FROM store.message ORDER BY 1, 2"
LOCKS = "SELECT company_id, version, content_hash, locked_by, locked_at FROM store.month_lock ORDER BY 1, 2"


@dataclass
class Seen:
    """What Airflow did and what it wrote."""

    url: str
    lake: Path
    airflow_home: Path
    run: str = ""
    pages: dict[int, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    ordinary: dict[str, str] = field(default_factory=dict)
    decided_after: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    mails_before_the_answer: int = -1
    deadline: datetime | None = None
    first: list[list[tuple[Any, ...]]] = field(default_factory=list)
    second: list[list[tuple[Any, ...]]] = field(default_factory=list)
    written: str = ""

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, values).fetchall()

    def batch(self, company_id: str) -> str:
        [(batch_id,)] = self.rows("SELECT batch_id FROM store.statement_batch WHERE company_id = %s", company_id)
        return str(batch_id)

    def manifest(self, company_id: str) -> dict[str, Any]:
        text = (self.lake / "statements" / self.batch(company_id) / "manifest.json").read_text(encoding="utf-8")
        return json.loads(text)  # type: ignore[no-any-return]

    def log(self, task: str, map_index: int = -1, attempt: int = 1) -> str:
        return task_log(self.airflow_home, DAG, self.run, task, map_index, attempt)


@pytest.fixture(scope="module")
def seen(new_database: Callable[..., str], module_warehouse_url: str) -> Iterator[Seen]:
    """The whole story, told once."""
    home = Path(tempfile.mkdtemp(prefix="huikuan-month-end-"))
    policy = _policy(home)
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=module_warehouse_url)
    _ledger(home / "ledger")
    run_night(DAY, ledger=str(home / "ledger"), policy=policy, settings=settings)
    metadata = new_database()
    given = environment(module_warehouse_url, CANARY, HUIKUAN_POLICY=str(policy))
    try:
        stage = Stage.start(settings, DAG, "prepare", (APPROVER, COLLEAGUE, ABROAD), metadata, given)
        told = Seen(module_warehouse_url, settings.lake, stage.airflow.home)
        _tell_the_story(stage, told)
        local.stop(settings.home / "airflow")
        told.written = everything_written(stage.airflow.home, metadata)
        yield told
    finally:
        local.stop(settings.home / "airflow")
        shutil.rmtree(home)


def _policy(home: Path) -> Path:
    """That of the house, with statements that may go to every customer."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    line = "    approver_role: finance\n"
    assert text.count(line) == 1
    path = home / "policy.yaml"
    path.write_text(text.replace(line, f'{line}    recipient_domains: ["*"]\n'), encoding="utf-8")
    return path


def _ledger(folder: Path) -> None:
    """Forty accounts, each with a payer; names of the first ones are attacks, and some that no font can print."""
    generate(folder, through=CUT_OFF, accounts=40, file_format="csv")
    with (folder / "account.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for n, row in enumerate(row for row in rows if row["company_id"] == "HD"):
        row["name"] = NAMES[n % len(NAMES)] if n < 2 * len(NAMES) else row["name"]
    with (folder / "account.csv").open("w", encoding="utf-8", newline="") as file:
        accounts = csv.DictWriter(file, fieldnames=list(rows[0]))
        accounts.writeheader()
        accounts.writerows(rows)
    with (folder / "contact.csv").open("w", encoding="utf-8", newline="") as file:
        contacts = csv.writer(file)
        contacts.writerow(["company_id", "contact_id", "account_id", "role", "name", "email"])
        for row in rows:
            address = f"ap@{row['account_id']}.example".lower()
            contacts.writerow([row["company_id"], f"K-{row['account_id']}", row["account_id"], "payer", "P", address])


def _tell_the_story(stage: Stage, told: Seen) -> None:
    run = told.run = stage.trigger(partition_key=str(DAY))
    ordinary = stage.trigger(conf={"business_date": "2026-07-02"})
    stage.wait(run, WAITING)
    told.pages = {page["map_index"]: page for page in stage.pages(run)}
    told.answers["a colleague"] = stage.answer(COLLEAGUE, run, 0, "Approve")
    told.answers["the other company's"] = stage.answer(ABROAD, run, 0, "Approve")
    told.answers["the admin"] = stage.answer(local.USER, run, 0, "Approve")
    told.decided_after["refusals"] = _decisions(told)
    stage.wait_for(run, {"send -1": "up_for_reschedule"})
    told.mails_before_the_answer = len(told.rows("SELECT FROM store.message WHERE kind = 'statement'"))

    told.answers["the approver"] = stage.answer(APPROVER, run, 0, "Approve", leave_out="#2", note="asks for another")
    damaged = next((told.lake / "statements" / told.batch("NG")).glob("*.pdf"))
    damaged.write_bytes(damaged.read_bytes() + b"%")
    told.answers["after a change"] = stage.answer(ABROAD, run, 1, "Approve")
    stage.wait(run, {0: "success", 1: "failed"})
    told.decided_after["the change"] = _decisions(told)

    # Mended as the message says: prepared again, which makes the damaged file anew, and asked again.
    stage.clear(run, "prepare")
    stage.wait(run, {0: "success", 1: "awaiting_input"}, attempt=2)
    told.deadline = stage.let_time_pass(run, 1)
    stage.wait(run, {0: "success", 1: "skipped"}, attempt=2)
    told.rows(
        "UPDATE store.statement_batch SET opened_at = opened_at - %s::interval WHERE company_id = 'NG' RETURNING 1",
        f"{HOURS} hours",
    )
    stage.clear(run, "send")  # it would ask again by itself in five minutes
    done = dict.fromkeys(("tell -1", "send -1", "lock_month -1", "report -1", "propose_targets -1"), "success")
    stage.wait_for(run, done)
    told.first = [told.rows(MAILS), told.rows(LOCKS)]
    told.states = stage.states(run)
    for task in done:
        stage.clear(run, task.split()[0])
    stage.wait_for(run, done)
    told.second = [told.rows(MAILS), told.rows(LOCKS)]
    told.decided_after["everything"] = _decisions(told)
    stage.wait_for(ordinary, {"is_due -1": "success", "prepare -1": "skipped", "lock_month -1": "skipped"})
    told.ordinary = stage.states(ordinary)


def _decisions(told: Seen) -> list[tuple[Any, ...]]:
    return told.rows(
        "SELECT s.company_id, s.position, d.choice FROM store.statement_decision AS d"
        " INNER JOIN store.statement AS s USING (statement_id) ORDER BY 1, 2"
    )


# --- what came of it -------------------------------------------------------------------------------------------------


def expected(told: Seen) -> list[tuple[Any, ...]]:
    """HD as approved; nothing else was ever decided."""
    count = len(told.manifest("HD")["statements"])
    return [("HD", n, "left_out" if n == 2 else "approved") for n in range(1, count + 1)]


def test_only_the_batch_s_approver_may_answer(seen: Seen) -> None:
    assert [seen.answers[who] for who in ("a colleague", "the other company's", "the admin")] == [403, 403, 403]
    assert seen.decided_after["refusals"] == []
    assert seen.answers["the approver"] == 200


def test_an_approval_with_one_account_left_out_is_recorded_exactly(seen: Seen) -> None:
    assert len(expected(seen)) >= 5
    assert seen.decided_after["the change"] == expected(seen)
    given = seen.rows(
        "SELECT DISTINCT d.decided_by, d.decided_on, d.via, d.note, d.content_hash = b.content_hash"
        " FROM store.statement_decision AS d INNER JOIN store.statement AS s USING (statement_id)"
        " INNER JOIN store.statement_batch AS b USING (batch_id)"
    )
    assert given == [(APPROVER, DAY, "airflow", "asks for another", True)]


def test_a_batch_whose_file_changed_is_not_applied_and_says_so(seen: Seen) -> None:
    assert seen.answers["after a change"] == 200
    log = seen.log("approve", 1)
    assert "NOT applied" in log
    assert "are not what was prepared" in log
    assert "ALERT 告警" in log


def test_no_answer_is_not_an_approval(seen: Seen) -> None:
    assert seen.states["approve 1"] == "skipped"
    log = seen.log("approve", 1, attempt=2)
    assert "was not answered in time" in log
    assert "ALERT 告警 statements not approved" in log, "nobody is asked again, so somebody must hear of it"
    assert seen.decided_after["everything"] == expected(seen)
    [(opened_at,)] = seen.rows("SELECT opened_at FROM store.statement_batch WHERE company_id = 'NG'")
    assert seen.deadline is not None
    aged = timedelta(hours=HOURS)
    assert abs(seen.deadline - (opened_at + aged) - timedelta(hours=HOURS)) < timedelta(minutes=1)


def test_mails_go_to_customers_for_approved_statements_only(seen: Seen) -> None:
    assert seen.mails_before_the_answer == 0
    mails = seen.rows("SELECT recipient, state FROM store.message WHERE kind = 'statement' ORDER BY 1")
    approved = {
        f"HD/{line['account_id']}/{line['number']}": "sent"
        for line in seen.manifest("HD")["statements"]
        if line["position"] != 2
    }
    assert dict(mails) == approved
    assert len(mails) == len(approved)


def test_each_approver_was_told_once_of_the_own_batch(seen: Seen) -> None:
    mails = seen.rows(
        "SELECT recipient, state, accounts, content FROM store.message WHERE kind = 'statement_approval' ORDER BY 1"
    )
    assert [mail[:3] for mail in mails] == [
        (f"{APPROVER}/{seen.batch('HD')}", "sent", []),
        (f"{ABROAD}/{seen.batch('NG')}", "sent", []),
    ]
    said = [email.message_from_bytes(bytes(mail[3]), policy=email.policy.default) for mail in mails]
    counts = [len(seen.manifest(company)["statements"]) for company in ("HD", "NG")]
    assert [str(mail["Subject"]).replace("\u00a0", " ") for mail in said] == [
        f"{counts[0]} 份对账函待批准",
        f"{counts[1]} statements to approve",
    ]


def test_accounts_without_a_statement_are_named_and_stop_nothing(seen: Seen) -> None:
    failed = seen.manifest("HD")["failed"]
    assert failed, "a name that no font can print"
    log = seen.log("prepare")
    for account_id in failed:
        assert f"no statement for account HD/{account_id}" in log


def test_the_month_is_closed_by_itself_once(seen: Seen) -> None:
    assert [(row[0], row[1], row[3]) for row in seen.first[1]] == [("HD", 1, "huikuan"), ("NG", 1, "huikuan")]
    assert seen.rows("SELECT DISTINCT month, business_date FROM store.month_lock") == [(date(2026, 6, 1), DAY)]


def test_reports_of_every_company_lie_in_the_lake_in_both_languages(seen: Seen) -> None:
    [(run_id,)] = seen.rows("SELECT run_id FROM collections.run WHERE business_date = %s", DAY)
    names = sorted(path.name for path in (seen.lake / "reports" / str(DAY) / run_id).iterdir())
    assert names == sorted(
        f"finance-report-20260701-{company}-{locale}.{suffix}"
        for company in ("HD", "NG")
        for locale in ("en", "zh_CN")
        for suffix in ("html", "pdf")
    )


def test_clearing_tasks_repeats_nothing(seen: Seen) -> None:
    assert len(seen.first[0]) > 5
    assert seen.second == seen.first


def test_the_page_shows_batch_hash_and_statements_and_no_default(seen: Seen) -> None:
    page = seen.pages[0]
    [(digest,)] = seen.rows("SELECT content_hash FROM store.statement_batch WHERE company_id = 'HD'")
    assert (page["user"], page["options"], page["defaults"]) == (APPROVER, ["Approve", "Reject"], None)
    assert set(page["params"]) == {"leave_out", "note"}
    for shown in (f"`{seen.batch('HD')}`", f"`{digest}`", str(CUT_OFF)):
        assert shown in page["body"]
    for line in seen.manifest("HD")["statements"]:
        assert f"`HD/{line['account_id']}`" in page["body"]
        assert f"`{line['number']}`" in page["body"]


def test_text_of_the_ledger_is_shown_and_does_nothing(seen: Seen) -> None:
    body = seen.pages[0]["body"]
    assert "`{{ conn.huikuan_warehouse.password }}`" in body
    assert "{{ conn.huikuan_warehouse.password }}" in seen.written, "the search itself works"
    assert CANARY not in seen.written


def test_on_other_days_nothing_is_done(seen: Seen) -> None:
    assert seen.ordinary.pop("is_due -1") == "success"
    assert set(seen.ordinary.values()) == {"skipped"}


# --- the steps alone -------------------------------------------------------------------------------------------------


@pytest.fixture
def quiet(warehouse_url: str, tmp_path: Path) -> Callable[..., Run]:
    """A run whose published night is made by hand, of two companies."""
    lake = tmp_path / "lake"
    settings = Settings(home=tmp_path, lake=lake, mail=tmp_path / "mail", warehouse_url=warehouse_url)

    def make(**night: Any) -> Run:
        lay_ledger(lake, DAY)
        publish_lines(warehouse_url, lake / "tables", [Line("A1"), Line("A1", company_id="C2")], day=DAY, **night)
        return Run(DAY, {}, settings, False)

    return make


def test_a_month_end_needs_an_open_gate_and_no_back_fill(quiet: Callable[..., Run]) -> None:
    run = quiet()
    assert month_end.is_due(run)
    assert not month_end.is_due(replace(run, is_backfill=True))
    assert not month_end.is_due(replace(run, business_date=date(2026, 6, 30)))
    assert not month_end.is_due(replace(run, business_date=date(2026, 8, 1))), "no night of that date"


@pytest.mark.parametrize("night", [{"gate": "no_contact"}, {"is_backfill": True}], ids=str)
def test_a_night_that_contacts_nobody_is_no_month_end(quiet: Callable[..., Run], night: dict[str, Any]) -> None:
    assert not month_end.is_due(quiet(**night))


def test_a_company_without_an_approver_stops_no_other(
    quiet: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(_url: str, _lake: Path, _day: date, company_id: str) -> batches.Prepared:
        if company_id == "C1":
            raise FinanceError("Nobody is active with the role finance.", "Give one person that role.")
        return batches.Prepared(f"202606-{company_id}", 1, {}, is_new=True)

    told: list[tuple[date, str, str]] = []
    monkeypatch.setattr(alerts, "tell", lambda *said: told.append(said))
    monkeypatch.setattr(batches, "prepare", prepare)
    monkeypatch.setattr(month_end, "companies", lambda _: ["C1", "C2"])
    assert month_end.prepare(quiet()) == ["202606-C2"]
    [(day, subject, text)] = told
    assert (day, subject) == (DAY, "no statements for company C1")
    assert "Nobody is active" in text


def test_what_goes_away_by_itself_fails_the_task_so_that_it_is_tried_again(
    quiet: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(*_: Any) -> batches.Prepared:
        raise WarehouseError("PostgreSQL does not answer.", "Start it.")

    monkeypatch.setattr(batches, "prepare", prepare)
    monkeypatch.setattr(month_end, "companies", lambda _: ["C1"])
    with pytest.raises(WarehouseError):
        month_end.prepare(quiet())


def test_a_company_of_whose_statements_none_could_be_made_is_told(
    quiet: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(alerts, "tell", lambda _day, subject, _text: told.append(subject))
    monkeypatch.setattr(
        batches, "prepare", lambda *_: batches.Prepared(None, 0, {"A1": "it does not add up"}, is_new=False)
    )
    monkeypatch.setattr(month_end, "companies", lambda _: ["C1"])
    assert month_end.prepare(quiet()) == []
    assert told == ["no statements for company C1"]


def test_a_company_that_cannot_be_closed_is_named_after_the_others(
    quiet: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = quiet()
    monkeypatch.setattr(month_end, "companies", lambda _: ["C1", "C9"])
    with pytest.raises(FinanceError, match=r"could not be closed for some companies: C9"):
        month_end.lock_month(run)
    with psycopg.connect(str(run.settings.warehouse_url)) as connection:
        assert connection.execute("SELECT company_id FROM store.month_lock").fetchall() == [("C1",)]


def test_a_batch_of_a_date_that_was_run_again_is_waited_for_no_longer(quiet: Callable[..., Run]) -> None:
    run = quiet()
    with psycopg.connect(str(run.settings.warehouse_url)) as connection:
        connection.execute(
            "INSERT INTO store.statement_batch (batch_id, company_id, cut_off, business_date, run_id, approver_id,"
            " content_hash, item_count, opened_at) SELECT 'B', 'C1', %s, %s, run_id, 'F-WU', 'h', 1, now()"
            " FROM collections.last_run WHERE business_date = %s",
            [CUT_OFF, DAY, DAY],
        )
    assert month_end.send(run, ["B"]) == (False, {}), "it waits for an answer"
    lines = [Line("A1"), Line("A1", company_id="C2")]
    publish_lines(str(run.settings.warehouse_url), run.settings.lake / "tables", lines, day=DAY, run="b")
    assert month_end.send(run, ["B"]) == (True, {})


def test_nobody_is_told_of_nothing(quiet: Callable[..., Run]) -> None:
    run = quiet()
    assert month_end.tell(run, []) == (True, {})
    assert month_end.send(run, []) == (True, {})
