"""Batches, decisions and overrides: what is written down, and everything that must be refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from huikuan.errors import HuikuanError, ReferralError
from huikuan.referrals import overrides
from huikuan.referrals.batch_rows import of_date, unanswered
from huikuan.referrals.batches import open_batches
from huikuan.referrals.decisions import Decision, decide, find
from huikuan.warehouse.connect import connect
from huikuan.warehouse.fence import step
from huikuan.warehouse.publish import record_stopped
from tests.integration.warehouse_samples import record
from tests.referral_samples import DAY, LINES, Line, lay_ledger, publish_lines

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture(scope="module")
def night(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The published night of DAY and its lake, made once and copied for each test: nobody writes here."""
    lake = tmp_path_factory.mktemp("night") / "lake"
    lay_ledger(lake)
    publish_lines(module_warehouse_url, lake / "tables")
    return conninfo_to_dict(module_warehouse_url)["dbname"], lake


@pytest.fixture
def url(night: tuple[str, Path], new_database: Callable[..., str], lake: Path) -> str:
    """A warehouse with the published night of DAY, and its ledger in the lake."""
    shutil.copytree(night[1], lake)
    return new_database(night[0])


def rows(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def batch_of(url: str, lake: Path, approver: str = "M-CHEN") -> str:
    """Open the batches of DAY; the one of this approver."""
    open_batches(url, lake, DAY)
    [(batch_id,)] = rows(url, "SELECT batch_id FROM store.referral_batch WHERE approver_id = %s", approver)
    return str(batch_id)


def answer(url: str, lake: Path, batch_id: str, choice: str = "approve", **changes: Any) -> Decision:
    return decide(url, lake, batch_id, choice, **{"by": "M-CHEN", "via": "command", **changes})  # type: ignore[arg-type]


def decisions(url: str) -> list[tuple[Any, ...]]:
    return rows(url, "SELECT account_id, choice FROM store.referral_decision ORDER BY account_id")


# --- batches ---------------------------------------------------------------------------------------------------------


def test_one_batch_per_approver_largest_amount_first(url: str, lake: Path) -> None:
    opened = open_batches(url, lake, DAY)
    batches = rows(url, "SELECT batch_id, approver_id, content_hash, item_count, run_id FROM store.referral_batch")
    assert sorted(opened) == sorted(row[0] for row in batches)
    assert {row[1]: row[3] for row in batches} == {"M-CHEN": 3, "M-BOSS": 1}
    for batch_id, _, digest, _, run_id in batches:
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert batch_id == f"20260302-{digest[:10]}"
        assert rows(url, "SELECT run_id FROM collections.run") == [(run_id,)]
    lines = rows(
        url,
        "SELECT position, account_id, overdue_functional::text, currency, days_past_due, proposed_by, evidence, reason"
        " FROM collections.referral WHERE approver_id = 'M-CHEN' ORDER BY position",
    )
    why = ("policy:1", "contact_log:L-{}", "stop_supply.late_and_large")
    assert lines == [
        (n, account, overdue, "CNY", 65, why[0], why[1].format(account), why[2])
        for n, (account, overdue) in enumerate([("A2", "20000.0000"), ("A1", "500.0000"), ("A3", None)], start=1)
    ]


def test_opening_again_opens_nothing_new(url: str, lake: Path) -> None:
    first = open_batches(url, lake, DAY)
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: open_batches(url, lake, DAY), range(4)))
    assert again == [first] * 4
    assert rows(url, "SELECT count(*) FROM store.referral_item") == [(4,)]


def test_two_that_open_at_once_open_the_same(url: str, lake: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_batches(url, lake, DAY), range(4)))
    assert opened == [opened[0]] * 4
    assert rows(url, "SELECT count(*), count(DISTINCT batch_id) FROM store.referral_batch") == [(2, 2)]


def test_the_same_rows_from_a_second_run_are_the_same_question(url: str, lake: Path) -> None:
    first = open_batches(url, lake, DAY)
    publish_lines(url, lake / "tables", run="b")
    assert open_batches(url, lake, DAY) == first


@pytest.mark.parametrize(
    "changed",
    [{"overdue": "500.0001"}, {"days": 66}, {"flag": "stop_service"}, {"proposed_by": "F-WU"}, {"account_id": "A5"}],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_shown_makes_another_question(url: str, lake: Path, changed: dict[str, Any]) -> None:
    before = batch_of(url, lake)
    publish_lines(url, lake / "tables", [replace(LINES[0], **changed), *LINES[1:]], run="b")
    assert before not in open_batches(url, lake, DAY)


def test_another_snapshot_makes_another_question(url: str, lake: Path) -> None:
    before = open_batches(url, lake, DAY)
    second = lay_ledger(lake)
    publish_lines(url, lake / "tables", run="b", snapshot=second)
    assert not set(before) & set(open_batches(url, lake, DAY))


@pytest.mark.parametrize(
    "lines",
    [
        [Line("A1", is_held=True)],
        [Line("A1", approver_id=None)],
        [Line("A1", state="active")],
        [Line("A1", state="approved")],
        [Line("A1", proposed_by="M-CHEN")],
        [Line("A1", approver_id="M-GONE")],
        [Line("A1", approver_id="R-LI")],
        [Line("A1", approver_id="NOBODY")],
    ],
    ids=["held", "nobody is high enough", "active", "approved", "own proposal", "left", "a rep", "unknown"],
)
def test_what_nobody_can_approve_is_not_asked(warehouse_url: str, lake: Path, lines: list[Line]) -> None:
    lay_ledger(lake)
    publish_lines(warehouse_url, lake / "tables", lines)
    assert open_batches(warehouse_url, lake, DAY) == []
    assert rows(warehouse_url, "SELECT count(*) FROM store.referral_batch") == [(0,)]


@pytest.mark.parametrize("night", [{"gate": "no_contact"}, {"is_backfill": True}], ids=["no contact", "back-fill"])
def test_a_night_that_contacts_nobody_opens_nothing(
    warehouse_url: str, lake: Path, night: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    lay_ledger(lake)
    publish_lines(warehouse_url, lake / "tables", **night)
    with caplog.at_level("INFO"):
        assert open_batches(warehouse_url, lake, DAY) == []
    assert f"no batches of {DAY}: " in caplog.text


def test_without_a_night_nothing_is_opened(warehouse_url: str, lake: Path) -> None:
    assert open_batches(warehouse_url, lake, DAY) == []


def test_an_old_date_is_not_asked_about(url: str, lake: Path, caplog: pytest.LogCaptureFixture) -> None:
    lay_ledger(lake, NEXT)
    publish_lines(url, lake / "tables", day=NEXT)
    with caplog.at_level("INFO"):
        assert open_batches(url, lake, DAY) == []
    assert "newer nights of C1 are published" in caplog.text
    assert len(open_batches(url, lake, NEXT)) == 2


def test_a_newer_night_of_another_company_does_not_matter(url: str, lake: Path) -> None:
    lay_ledger(lake, NEXT)
    publish_lines(url, lake / "tables", [Line("A1", company_id="C2")], day=NEXT)
    assert len(open_batches(url, lake, DAY)) == 2


def test_who_has_not_answered(url: str, lake: Path) -> None:
    opened = open_batches(url, lake, DAY)
    hour = timedelta(hours=1)
    assert unanswered(url, opened) == sorted(opened)
    assert unanswered(url, opened, older_than=hour) == []
    assert unanswered(url, opened, younger_than=hour) == sorted(opened)
    assert unanswered(url, opened, younger_than=timedelta(0)) == []
    answer(url, lake, batch_of(url, lake))
    assert unanswered(url, opened) == [batch_of(url, lake, "M-BOSS")]
    assert [answers for batch, answers in of_date(url, DAY) if batch.approver_id == "M-CHEN"] == [{"approved": 3}]


# --- decisions -------------------------------------------------------------------------------------------------------


def test_an_approval_is_recorded_line_by_line(url: str, lake: Path) -> None:
    batch_id = batch_of(url, lake)
    given = answer(url, lake, batch_id, leave_out=["A1"], note=" they pay on Friday\x00 \ud800", via="airflow")
    assert (given.approved, given.rejected, given.left_out, given.is_new) == (2, 0, 1, True)
    who, note = ("policy:1", "M-CHEN"), "they pay on Friday? ?"
    [(digest,)] = rows(url, "SELECT content_hash FROM store.referral_batch WHERE batch_id = %s", batch_id)
    assert rows(
        url,
        "SELECT batch_id, company_id, account_id, flag, choice, proposed_by, decided_by, decided_on, content_hash, via,"
        " note, decided_at = %s, now() - decided_at < interval '1 minute'"
        " FROM store.referral_decision ORDER BY account_id",
        given.decided_at,
    ) == [
        (batch_id, "C1", account, "stop_supply", choice, *who, DAY, digest, "airflow", note, True, True)
        for account, choice in (("A1", "left_out"), ("A2", "approved"), ("A3", "approved"))
    ]


@pytest.mark.parametrize("named", ["A1", "C1/A1", "2", "#2", " A1 "])
def test_a_line_can_be_left_out_by_account_or_number(url: str, lake: Path, named: str) -> None:
    answer(url, lake, batch_of(url, lake), leave_out=[named])
    assert decisions(url) == [("A1", "left_out"), ("A2", "approved"), ("A3", "approved")]


def test_everything_may_be_left_out(url: str, lake: Path) -> None:
    assert answer(url, lake, batch_of(url, lake), leave_out=["1", "2", "3"]).approved == 0


def test_a_rejection_is_recorded_for_every_line(url: str, lake: Path) -> None:
    assert answer(url, lake, batch_of(url, lake), "reject").rejected == 3
    assert decisions(url) == [(account, "rejected") for account in ("A1", "A2", "A3")]


def test_the_same_answer_again_says_the_same(url: str, lake: Path) -> None:
    batch_id = batch_of(url, lake)
    first = answer(url, lake, batch_id, leave_out=["A1"])
    publish_lines(url, lake / "tables", LINES[:1], run="b")  # whatever happens later
    again = answer(url, lake, batch_id, leave_out=["2"], via="airflow")
    assert again == replace(first, is_new=False) == find(url, batch_id)


@pytest.mark.parametrize("other", [{"choice": "reject"}, {"leave_out": ["A2"]}, {"leave_out": []}], ids=str)
def test_another_answer_is_refused(url: str, lake: Path, other: dict[str, Any]) -> None:
    batch_id = batch_of(url, lake)
    answer(url, lake, batch_id, leave_out=["A1"])
    before = decisions(url)
    with pytest.raises(ReferralError, match="answered already by M-CHEN, and differently"):
        answer(url, lake, batch_id, **other)
    assert decisions(url) == before


Act = Callable[[str, Path, str], object]


def _publish(lines: Sequence[Line], day: date = DAY, **night: Any) -> Act:
    def act(url: str, lake: Path, _: str) -> None:
        if day != DAY:
            lay_ledger(lake, day)
        publish_lines(url, lake / "tables", lines, day=day, run="b", **night)

    return act


def _stop(url: str, _: Path, __: str) -> None:
    run = record(run="cccccccccccc", status="stopped")
    with step(url, DAY, "publish", run.run_id) as attempt:
        record_stopped(url, attempt, run)


def _quarantine_the_approver(_: str, lake: Path, __: str) -> None:
    [folder] = (lake / "runs" / DAY.isoformat()).glob("*/quality")
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 1 AS row_number, 'rep' AS table_name, 'x' AS rule_id, '{}' AS row, 'x' AS reason)"
            f" TO '{folder / 'quarantine.parquet'}' (FORMAT parquet)"
        )


def _make_the_approver_the_proposer(url: str, _: Path, batch_id: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE store.referral_item SET proposed_by = 'M-CHEN' WHERE batch_id = %s", [batch_id])


def _nothing(*_: object) -> None:
    return None


REFUSED: dict[str, tuple[Act, dict[str, Any], str]] = {
    "another amount": (_publish([replace(LINES[0], overdue="1"), *LINES[1:]]), {}, "have changed since"),
    "one line less": (_publish(LINES[1:]), {}, "have changed since"),
    "held meanwhile": (_publish([replace(line, is_held=True) for line in LINES]), {}, "have changed since"),
    "no contact meanwhile": (_publish(LINES, gate="no_contact"), {}, "have changed since"),
    "stopped meanwhile": (_stop, {}, "have changed since"),
    "too late": (_publish(LINES, day=NEXT), {}, "comes too late: newer nights of C1"),
    "somebody else": (_nothing, {"by": "M-BOSS"}, "is for M-CHEN to answer, not for M-BOSS"),
    "own proposal": (_make_the_approver_the_proposer, {}, "proposed a line"),
    "approver gone": (_quarantine_the_approver, {}, "'M-CHEN' is not a person of the ledger"),
    "another text was shown": (_nothing, {"shown_hash": "0" * 64}, "the hashes differ"),
    "unknown account": (_nothing, {"leave_out": ["A1", "A4"]}, "'A4' is neither an account nor the number"),
    "unknown line": (_nothing, {"leave_out": ["#4"]}, "'#4' is neither"),
    "empty name": (_nothing, {"leave_out": [""]}, "'' is neither"),
    "reject and leave out": (_nothing, {"choice": "reject", "leave_out": ["A1"]}, "cannot leave accounts out"),
    "no such choice": (_nothing, {"choice": "Approve"}, "'Approve' is no answer"),
    "too much to say": (_nothing, {"note": "x" * 2001}, "2001 characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_nothing_is_written(url: str, lake: Path, case: str) -> None:
    act, changes, message = REFUSED[case]
    batch_id = batch_of(url, lake)
    act(url, lake, batch_id)
    with pytest.raises(ReferralError, match=re.escape(message)) as refused:
        answer(url, lake, batch_id, **changes)
    assert refused.value.remedy
    assert decisions(url) == []


def test_an_unknown_batch_is_refused(url: str, lake: Path) -> None:
    with pytest.raises(ReferralError, match="no batch '20260302-0000000000'"):
        answer(url, lake, "20260302-0000000000")
    with pytest.raises(ReferralError, match="no batch"):
        find(url, "20260302-0000000000")


def test_names_that_mean_two_things_are_refused(warehouse_url: str, lake: Path) -> None:
    lay_ledger(lake, accounts={("C1", "A1"): "a", ("C2", "A1"): "b", ("C1", "1"): "c", ("C1", "B"): "d"})
    lines = [Line("B", "900"), Line("A1", "800"), Line("A1", "700", company_id="C2"), Line("1", "1")]
    publish_lines(warehouse_url, lake / "tables", lines)
    batch_id = batch_of(warehouse_url, lake)
    with pytest.raises(ReferralError, match="'A1' is an account of C1 and of C2") as two:
        answer(warehouse_url, lake, batch_id, leave_out=["A1"])
    assert "C1/A1" in two.value.remedy
    with pytest.raises(ReferralError, match="'1' is both an account and the number of another line"):
        answer(warehouse_url, lake, batch_id, leave_out=["1"])
    given = answer(warehouse_url, lake, batch_id, leave_out=["C2/A1", "#1", "C1/1"])
    assert (given.approved, given.left_out) == (1, 3)
    assert rows(
        warehouse_url, "SELECT company_id, account_id FROM store.referral_decision WHERE choice = 'approved'"
    ) == [("C1", "A1")]


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_answers_at_once_one_wins(url: str, lake: Path, attempt: int) -> None:
    batch_id = batch_of(url, lake)

    def one(choice: str) -> Decision | HuikuanError:
        try:
            return answer(url, lake, batch_id, choice)
        except ReferralError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, ["approve", "reject"] * 2))
    won = [result for result in results if isinstance(result, Decision)]
    lost = [result for result in results if isinstance(result, HuikuanError)]
    assert (len(won), len(lost)) == (2, 2), attempt
    assert sorted(result.is_new for result in won) == [False, True]
    assert all("answered already" in error.problem for error in lost)
    assert len({choice for _, choice in decisions(url)}) == 1


def test_a_writer_that_dies_leaves_nothing_and_no_lock(url: str, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = batch_of(url, lake)
    with monkeypatch.context() as patch:
        patch.setattr("huikuan.referrals.decisions._insert", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            answer(url, lake, batch_id)
    assert decisions(url) == []
    assert answer(url, lake, batch_id).approved == 3


def test_what_was_decided_cannot_be_changed_by_its_writer(url: str, lake: Path) -> None:
    answer(url, lake, batch_of(url, lake))
    for statement in ("UPDATE store.referral_decision SET choice = 'left_out'", "DELETE FROM store.referral_item"):
        with connect(url, "desk") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


# --- overrides -------------------------------------------------------------------------------------------------------

UNTIL = DAY + timedelta(days=30)


def add(url: str, lake: Path, **changes: Any) -> str:
    given = {"account_id": "A2", "effect": "exempt", "author": "F-WU", "reason": "in court", "expires_on": UNTIL}
    return overrides.add(url, lake, **(given | changes))


@pytest.mark.parametrize(
    ("changes", "stored"),
    [
        ({}, ("C1", "A2", None, "exempt", None)),
        ({"flag": "stop_supply", "author": "M-CHEN"}, ("C1", "A2", "stop_supply", "exempt", None)),
        ({"effect": "impose", "flag": "legal_referral"}, ("C1", "A2", "legal_referral", "impose", None)),
        (
            {"effect": "accept_promise", "account_id": "A1", "company_id": "C1", "promise_id": "P1"},
            ("C1", "A1", None, "accept_promise", "P1"),
        ),
    ],
    ids=["exempt", "exempt from one", "impose", "accept a promise"],
)
def test_an_override_is_written_with_author_reason_and_dates(
    url: str, lake: Path, changes: dict[str, Any], stored: tuple[Any, ...]
) -> None:
    override_id = add(url, lake, **changes)
    [row] = overrides.in_force(url)
    assert row.override_id == override_id
    assert (row.company_id, row.account_id, row.flag, row.effect, row.promise_id) == stored
    assert (row.author, row.reason) == (changes.get("author", "F-WU"), "in court")
    assert (row.from_on, row.expires_on, row.ended_on) == (DAY, UNTIL, None)


def test_the_same_override_again_is_the_same_until_it_was_ended(url: str, lake: Path) -> None:
    first = add(url, lake)
    assert add(url, lake) == first
    overrides.end(url, lake, first, author="M-BOSS", reason="settled")
    second = add(url, lake)
    assert second != first
    assert add(url, lake) == second


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"author": "R-LI"}, "has the role rep"),
        ({"author": "M-GONE"}, "no longer active"),
        ({"author": "X"}, "'X' is not a person"),
        ({"account_id": "A9"}, "'A9' is not an account"),
        ({"account_id": "A1"}, "A1 is an account of C1, C2"),
        ({"account_id": "A2", "company_id": "C2"}, "'A2' is not an account of C2"),
        ({"reason": " \n"}, "needs a reason"),
        ({"reason": "x" * 2001}, "2001 characters"),
        ({"effect": "forgive"}, "'forgive' is no effect"),
        ({"effect": "end"}, "'end' is no effect"),
        ({"flag": "jail"}, "'jail' is no sanction"),
        ({"effect": "impose"}, "must name the sanction"),
        ({"promise_id": "P1"}, "belongs to the effect accept_promise"),
        ({"effect": "accept_promise"}, "belongs to the effect accept_promise"),
        ({"effect": "accept_promise", "promise_id": "P1"}, "made no promise 'P1'"),
        ({"expires_on": DAY - timedelta(days=1)}, "expire on 2026-03-01, before it begins"),
        ({"from_on": DAY - timedelta(days=1)}, "2026-03-01 is before the newest published night"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refused_override_writes_nothing(url: str, lake: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReferralError, match=re.escape(message)):
        add(url, lake, **changes)
    assert overrides.in_force(url) == []


def test_nobody_releases_an_account_of_their_own(warehouse_url: str, lake: Path) -> None:
    lay_ledger(lake, in_charge={"A2": "M-CHEN"})
    publish_lines(warehouse_url, lake / "tables")
    for effect in ({"effect": "exempt"}, {"effect": "impose", "flag": "stop_supply", "author": "M-BOSS"}):
        act = {"author": "M-CHEN", **effect}
        if act["author"] == "M-CHEN":
            with pytest.raises(ReferralError, match="M-CHEN is in charge of A2 and cannot release it"):
                add(warehouse_url, lake, **act)
    imposed = add(warehouse_url, lake, effect="impose", flag="stop_supply", author="M-CHEN")
    with pytest.raises(ReferralError, match="cannot release it"):
        overrides.end(warehouse_url, lake, imposed, author="M-CHEN", reason="changed my mind")
    exempt = add(warehouse_url, lake)
    overrides.end(warehouse_url, lake, exempt, author="M-CHEN", reason="they do not pay")
    ended = {row.override_id: row.ended_by for row in overrides.in_force(warehouse_url)}
    assert ended == {imposed: None, exempt: "M-CHEN"}


def test_without_a_night_nobodys_rights_are_known(warehouse_url: str, lake: Path) -> None:
    with pytest.raises(ReferralError, match="No night is published"):
        add(warehouse_url, lake)


def test_an_override_ends_once(url: str, lake: Path) -> None:
    override_id = add(url, lake, expires_on=DAY)
    overrides.end(url, lake, override_id, author="M-BOSS", reason="settled")
    [row] = overrides.in_force(url)
    assert (row.ended_on, row.ended_by) == (DAY, "M-BOSS")
    assert overrides.in_force(url, on=DAY) == []
    with pytest.raises(ReferralError, match="was ended by M-BOSS on 2026-03-02"):
        overrides.end(url, lake, override_id, author="M-BOSS", reason="again")
    with pytest.raises(ReferralError, match="no override 'O1'"):
        overrides.end(url, lake, "O1", author="M-BOSS", reason="x")
    expired = add(url, lake, expires_on=DAY, reason="other")
    with pytest.raises(ReferralError, match="expired on 2026-03-02"):
        overrides.end(url, lake, expired, author="M-BOSS", reason="x", from_on=NEXT)
    with pytest.raises(ReferralError, match="has the role rep"):
        overrides.end(url, lake, expired, author="R-LI", reason="x")


def test_which_overrides_count_on_a_date(url: str, lake: Path) -> None:
    override_id = add(url, lake, expires_on=NEXT)
    found = {day: [row.override_id for row in overrides.in_force(url, on=day)] for day in (DAY, NEXT, UNTIL)}
    assert found == {DAY: [override_id], NEXT: [override_id], UNTIL: []}
    assert overrides.in_force(url, on=DAY - timedelta(days=1)) == []


def test_a_release_counts_at_once_and_its_end_too(warehouse_url: str, lake: Path) -> None:
    lay_ledger(lake)
    publish_lines(warehouse_url, lake / "tables", [Line("A2", state="active"), Line("A3", state="active")])

    def held() -> set[str]:
        return {row[0] for row in rows(warehouse_url, "SELECT account_id FROM collections.supply_hold")}

    assert held() == {"A2", "A3"}
    add(warehouse_url, lake, flag="stop_service", reason="another sanction")
    add(warehouse_url, lake, effect="impose", flag="stop_supply", reason="not a release")
    assert held() == {"A2", "A3"}
    override_id = add(warehouse_url, lake)
    assert held() == {"A3"}
    overrides.end(warehouse_url, lake, override_id, author="M-BOSS", reason="mistaken")
    assert held() == {"A2", "A3"}


def test_overrides_written_at_once_do_not_meet(url: str, lake: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda n: add(url, lake, reason=f"reason {n % 2}"), range(6)))
    assert len(set(ids)) == 2
    assert len(overrides.in_force(url)) == 2
