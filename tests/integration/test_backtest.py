"""Policy differences over real nights: published ones in a real warehouse, with decisions of people between them.

tests/backtest_samples.py says who the accounts are and what happens to them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pandas as pd
import psycopg
import pytest
from typer.testing import CliRunner, Result

from huikuan.backtest.compare import Outcome, compare, replay_nights, report
from huikuan.backtest.difference import TABLES, difference, remove_nights
from huikuan.backtest.nights import BacktestError, published_runs, stored_nights
from huikuan.backtest.replay import replay
from huikuan.cli import app
from huikuan.errors import HuikuanError, PolicyError, SnapshotError
from huikuan.night import lake as lakes
from huikuan.night.run import run_night
from huikuan.settings import DEFAULT_POLICY, PROJECT, Settings
from tests.backtest_samples import BOUND, DAYS, GAP, SECOND_VERSION_FROM, edited, store_nights

FIRST, LAST = DAYS[0], DAYS[-1]
CALM = ("call: {from_stage: M1", "call: {from_stage: M2")  # what the second stored version says
EARLIER = (  # stage M2 begins five days earlier
    ("{stage: M1, from: 1, to: 30}", "{stage: M1, from: 1, to: 25}"),
    ("{stage: M2, from: 31", "{stage: M2, from: 26"),
)
EMPTY = dict.fromkeys(("move", "sanction", "moved_account", "reason"), 0)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, module_warehouse_url: str) -> Settings:
    home = tmp_path_factory.mktemp("backtest")
    settings = Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=module_warehouse_url)
    store_nights(settings)
    return settings


@pytest.fixture(scope="module")
def run_ids(stored: Settings) -> list[str]:
    return published_runs(stored, FIRST, LAST)


def quiet(line: str) -> None:
    """Progress is not looked at."""


def policy(folder: Path, *changes: tuple[str, str]) -> Path:
    path = folder / "b.yaml"
    path.write_text(edited(*changes), encoding="utf-8")
    return path


def rows(folder: Path, query: str) -> list[Row]:
    """Rows of the difference's tables, which the query names as ``<table>.parquet``."""
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{folder}'")
        found = connection.execute(query)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture
def against(stored: Settings, tmp_path: Path) -> Callable[..., Path]:
    """The difference that changes of the default policy make over the nights before the second version, as a folder."""

    def run(*changes: tuple[str, str], last: date = DAYS[2], company: str | None = None) -> Path:
        home = tmp_path / "out"
        b = policy(tmp_path, *changes)
        compare(stored, FIRST, last, policy_a=DEFAULT_POLICY, policy_b=b, company=company, folder=home, say=quiet)
        return home

    return run


def checks(folder: Path) -> list[str]:
    record = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    return [night["check"] for night in record["nights"]]


# --- the policy in force ---------------------------------------------------------------------------------------------


def test_the_policy_in_force_against_itself_gives_no_difference(stored: Settings) -> None:
    """A version change, a missing night and decisions of people lie in between."""
    policies = stored.home / "policies"
    outcome = compare(stored, FIRST, LAST, policy_a=None, policy_b=policies, say=quiet)
    folder = outcome.page.parent
    assert {name: outcome.rows[name] for name in EMPTY} == EMPTY
    assert checks(folder) == ["reproduced"] * len(DAYS)
    assert rows(folder, "FROM 'task_load.parquet' WHERE only_a + only_b > 0") == []
    assert rows(folder, "FROM 'matrix.parquet' WHERE value_a <> value_b") == []
    assert outcome.headline.en == "Over 5 nights, policy B moves nobody: everybody stands where A puts them."
    [said] = outcome.checked
    assert "in force on 5 of 5 nights" in said.en
    assert "computed again in full and gives the published rows exactly" in said.en
    record = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    assert record["gaps"] == [f"{GAP}"]
    assert record["changes"] == []
    assert record["policies"]["a"]["version"] == ["2026.4", "2026.5"]
    page = outcome.page.read_text(encoding="utf-8")
    assert f"Nothing was published on 1 day in between: {GAP}" in page
    assert "Nothing: both sides are the same policy." in page


def test_every_night_in_full_when_asked(stored: Settings, run_ids: list[str], tmp_path: Path) -> None:
    """Another policy on side B, and still A is computed again and found as published on every night."""
    b = policy(
        tmp_path,
        *EARLIER,
    )
    nights = stored_nights(stored.lake, run_ids, None, b)
    assert {each.check for each in replay(stored.lake, nights, tmp_path / "all", quiet, verify=True)} == {"reproduced"}
    some = replay(stored.lake, nights, tmp_path / "some", quiet)
    assert [each.check for each in some] == ["reproduced", "published", "published", "published", "reproduced"]
    for name in ("account_status", "account_flag", "task", "decision_reason"):
        for day in DAYS:
            files = [
                tmp_path / way / "nights" / f"{day}" / side / f"{name}.parquet"
                for way in ("all", "some")
                for side in "ab"
            ]
            assert _same(files[0], files[2]), (day, name, "a")
            assert _same(files[1], files[3]), (day, name, "b")


def _same(one: Path, other: Path) -> bool:
    with duckdb.connect() as connection:
        return all(
            connection.execute(f"FROM '{left}' EXCEPT ALL FROM '{right}'").fetchall() == []
            for left, right in ((one, other), (other, one))
        )


def test_the_same_question_gives_the_same_files(stored: Settings, tmp_path: Path) -> None:
    b = policy(tmp_path, CALM)

    def ask() -> tuple[Path, dict[str, str]]:
        folder = compare(stored, FIRST, LAST, policy_a=None, policy_b=b, say=quiet).page.parent
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        return folder, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    first, again = ask(), ask()
    assert first == again
    assert len(first[1]) == 2 * len(TABLES) + 2
    other = replay_nights(stored, FIRST, LAST, policy_a=None, policy_b=b, company="C1", say=quiet)
    assert other != first[0], "one company is another question"


# --- another policy --------------------------------------------------------------------------------------------------


def test_an_earlier_stage_moves_who_is_in_between_and_nobody_else(against: Callable[..., Path]) -> None:
    folder = against(*EARLIER)
    moved = rows(
        folder,
        "SELECT business_date, company_id, account_id, value_a, value_b FROM 'move.parquet' WHERE field = 'stage'",
    )
    assert [tuple(row.values()) for row in moved] == [(day, "C1", BOUND, "M1", "M2") for day in DAYS[:3]]
    cells = rows(
        folder, "SELECT accounts FROM 'matrix.parquet' WHERE field = 'stage' AND value_a = 'M1' AND value_b = 'M2'"
    )
    assert cells == [{"accounts": 1}] * 3
    assert rows(folder, "FROM 'sanction.parquet'") == []
    [account] = rows(folder, "FROM 'moved_account.parquet'")
    assert (account["nights"], account["shown_on"], account["currency"]) == (3, FIRST, "CNY")
    assert account["overdue_functional"] == 7000
    reasons = rows(
        folder, "SELECT side, decision, threshold, outcome FROM 'reason.parquet' WHERE decision = 'stage' ORDER BY side"
    )
    assert [tuple(row.values()) for row in reasons] == [
        ("a", "stage", "1 to 30 days", "M1"),
        ("b", "stage", "26 to 60 days", "M2"),
    ]


def test_a_shorter_wait_proposes_earlier(against: Callable[..., Path]) -> None:
    folder = against(("wait_days: 7 # after the last notice", "wait_days: 3 # after the last notice"))
    [sanction] = rows(folder, "FROM 'sanction.parquet'")
    assert (sanction["account_id"], sanction["flag"], sanction["effect"]) == ("WAIT", "stop_supply", "earlier")
    assert (sanction["first_a"], sanction["first_b"], sanction["differs_on"]) == (DAYS[2], DAYS[0], DAYS[0])
    assert (sanction["nights_a"], sanction["nights_b"]) == (1, 3)
    assert (sanction["currency"], sanction["overdue_functional"]) == ("CNY", 15000)
    page = (folder / "difference.html").read_text(encoding="utf-8")
    assert "policy B would begin with 1 earlier (CNY 15,000 overdue)." in page
    assert "政策 B 会提前 1 个（逾期 CNY 15,000）。" in page


def test_a_lower_cap_holds_what_people_approved(against: Callable[..., Path]) -> None:
    """Three were approved after the first night; with at most two new ones a night they stay approved and wait."""
    folder = against(("min_accounts: 5", "min_accounts: 2"))
    found = rows(
        folder,
        "SELECT account_id, effect, active_nights_a, active_nights_b FROM 'sanction.parquet' ORDER BY account_id",
    )
    assert [tuple(row.values()) for row in found] == [
        ("P1", "other_state", 2, 0),
        ("P3", "other_state", 2, 0),
        ("P4", "other_state", 1, 0),
    ]
    capped = rows(folder, "SELECT name, value FROM 'summary.parquet' WHERE name LIKE 'capped%' ORDER BY name, scope")
    assert [(row["name"], row["value"]) for row in capped] == [("capped_nights_b", 3)]


def test_a_higher_threshold_drops_sanctions_and_money_stays_in_its_currency(against: Callable[..., Path]) -> None:
    folder = against(
        (
            "days_past_due: {over: 60}, overdue_functional: {over: 10000}",
            "days_past_due: {over: 60}, overdue_functional: {over: 30000}",
        )
    )
    found = rows(folder, "SELECT company_id, account_id, effect, active_nights_a FROM 'sanction.parquet' ORDER BY ALL")
    assert [tuple(row.values()) for row in found] == [
        ("C1", "P1", "dropped", 2),
        ("C1", "P2", "dropped", 0),
        ("C1", "P3", "dropped", 2),
        ("C1", "P4", "dropped", 1),
        ("C1", "WAIT", "dropped", 0),
        ("C2", "U1", "dropped", 0),
    ]
    figures = rows(
        folder,
        "SELECT name, scope, value, unit FROM 'summary.parquet' WHERE name LIKE 'sanctioned_dropped%' ORDER BY ALL",
    )
    assert [tuple(row.values()) for row in figures] == [
        ("sanctioned_dropped", "company/C1", 5, "accounts"),
        ("sanctioned_dropped", "company/C2", 1, "accounts"),
        ("sanctioned_dropped_overdue", "company/C1", 95000, "CNY"),
        ("sanctioned_dropped_overdue", "company/C2", 20000, "USD"),
    ]
    page = (folder / "difference.html").read_text(encoding="utf-8")
    assert "policy B would spare 6 that A proposes (CNY 95,000, USD 20,000 overdue)." in page


def test_a_tolerance_takes_a_small_account_out_and_its_task_away(against: Callable[..., Path]) -> None:
    folder = against(("  default: 0\n  by_currency", "  default: 100\n  by_currency"))
    stages = rows(folder, "SELECT DISTINCT account_id, value_a, value_b FROM 'move.parquet' WHERE field = 'stage'")
    assert [tuple(row.values()) for row in stages] == [("SMALL", "M4", "M0")]
    tasks = rows(
        folder,
        "SELECT business_date, tasks_a, tasks_b, only_a, only_b"
        " FROM 'task_load.parquet' WHERE rep_id = 'R4' ORDER BY business_date",
    )
    assert [tuple(row.values()) for row in tasks] == [(day, 1, 0, 1, 0) for day in DAYS[:3]]
    others = rows(folder, "FROM 'task_load.parquet' WHERE rep_id <> 'R4' AND only_a + only_b > 0")
    assert others == []


def test_one_company_alone(against: Callable[..., Path]) -> None:
    folder = against(
        (
            "days_past_due: {over: 60}, overdue_functional: {over: 10000}",
            "days_past_due: {over: 60}, overdue_functional: {over: 30000}",
        ),
        company="C2",
    )
    assert rows(folder, "SELECT account_id FROM 'sanction.parquet'") == [{"account_id": "U1"}]
    assert rows(folder, "SELECT DISTINCT company_id, currency FROM 'money.parquet'") == [
        {"company_id": "C2", "currency": "USD"}
    ]
    assert "policy B would spare 1 that A proposes (USD 20,000 overdue)." in (folder / "difference.html").read_text(
        encoding="utf-8"
    )


def test_a_name_that_is_a_formula_stays_text(against: Callable[..., Path]) -> None:
    folder = against(*EARLIER)
    with (folder / "move.csv").open(encoding="utf-8", newline="") as file:
        names = {row["account_id"] for row in csv.DictReader(file)}
    assert names == {f"'{BOUND}"}, "a spreadsheet shows it and does not open the address"
    assert rows(folder, "SELECT DISTINCT account_id FROM 'move.parquet'") == [{"account_id": BOUND}]
    page = (folder / "difference.html").read_text(encoding="utf-8")
    assert "=HYPERLINK(&#34;http://evil.example&#34;" in page


# --- figures, computed another way -----------------------------------------------------------------------------------


def test_the_figures_agree_with_the_nights(stored: Settings, tmp_path: Path) -> None:
    """Every table again in pandas, from the replayed rows; side A of the nights is what the warehouse shows."""
    b = policy(
        tmp_path,
        *EARLIER,
        ("wait_days: 7 # after the last notice", "wait_days: 3 # after the last notice"),
        ("min_accounts: 5", "min_accounts: 3"),
        ("  default: 0\n  by_currency", "  default: 100\n  by_currency"),
    )
    folder = replay_nights(stored, FIRST, LAST, policy_a=None, policy_b=b, folder=tmp_path / "out", say=quiet)
    difference(folder)

    def side(name: str, letter: str) -> Any:
        return pd.concat([pd.read_parquet(folder / "nights" / f"{day}" / letter / f"{name}.parquet") for day in DAYS])

    key = ["business_date", "company_id", "account_id"]
    standing = ("proposed", "approved", "active")
    status = side("account_status", "a").merge(side("account_status", "b"), on=key, suffixes=("_a", "_b"))
    assert len(status) == len(DAYS) * 9
    for letter in "ab":
        flags = side("account_flag", letter)
        flags = flags[flags.state.isin(standing)].sort_values("flag")
        text = (flags.flag + " " + flags.state).groupby([flags[name] for name in key]).agg(", ".join)
        status = status.merge(text.rename(f"sanctions_{letter}").reset_index(), on=key, how="left")
    fields = ("stage", "risk_grade", "pattern", "arrears_nature", "ladder_step", "sanctions")
    differs = {name: status[f"{name}_a"].fillna("") != status[f"{name}_b"].fillna("") for name in fields}
    assert sum(int(each.sum()) for each in differs.values()) > 10

    moves = Counter(
        (row["field"], row["account_id"], row["business_date"]) for row in rows(folder, "FROM 'move.parquet'")
    )
    expected = Counter(
        (name, row.account_id, pd.Timestamp(row.business_date).date())
        for name in fields
        for row in status[differs[name]].itertuples()
    )
    assert moves == expected

    moved = pd.concat(differs, axis=1).any(axis=1)
    money = rows(folder, "FROM 'money.parquet' ORDER BY business_date, company_id")
    assert {(row["company_id"], row["currency"]) for row in money} == {("C1", "CNY"), ("C2", "USD")}
    for row in money:
        of = (pd.to_datetime(status.business_date).dt.date == row["business_date"]) & (
            status.company_id == row["company_id"]
        )
        assert row["accounts"] == of.sum()
        assert row["moved_accounts"] == (of & moved).sum()
        assert row["moved_overdue_functional"] == status[of & moved].overdue_functional_b.sum()
        for letter in "ab":
            under = of & status[f"sanctions_{letter}"].notna()
            assert row[f"sanctioned_accounts_{letter}"] == under.sum()
            assert row[f"sanctioned_overdue_functional_{letter}"] == status[under].overdue_functional_b.sum()

    for letter in "ab":
        tasks = Counter(
            zip(pd.to_datetime(side("task", letter).business_date).dt.date, side("task", letter).rep_id, strict=True)
        )
        load = {
            (row["business_date"], row["rep_id"]): row[f"tasks_{letter}"]
            for row in rows(folder, "FROM 'task_load.parquet'")
        }
        assert {place: count for place, count in load.items() if count} == dict(tasks)
        flags = side("account_flag", letter)
        states = Counter(zip(flags.company_id, flags.flag, flags.state, strict=True))
        found: Counter[tuple[str, str, str]] = Counter()
        for row in rows(folder, "FROM 'sanction_night.parquet'"):
            found[row["company_id"], row["flag"], row["state"]] += row[f"accounts_{letter}"]
        assert +found == states

    assert stored.warehouse_url
    with psycopg.connect(stored.warehouse_url) as connection:
        published = connection.execute(
            "SELECT business_date, rep_id, COUNT(*) FROM collections.task GROUP BY 1, 2"
        ).fetchall()
    load = {(row["business_date"], row["rep_id"]): row["tasks_a"] for row in rows(folder, "FROM 'task_load.parquet'")}
    assert {(day, rep): count for day, rep, count in published} == {place: n for place, n in load.items() if n}


# --- versions --------------------------------------------------------------------------------------------------------


def test_a_folder_of_versions_changes_over_in_flight(stored: Settings, tmp_path: Path) -> None:
    """B is the first version for ever: only the nights of the second differ, and only in what it says otherwise."""
    folder = tmp_path / "out"
    compare(stored, FIRST, LAST, policy_a=stored.home / "policies", policy_b=DEFAULT_POLICY, folder=folder, say=quiet)
    assert rows(folder, "FROM 'task_load.parquet' WHERE only_a + only_b > 0") == [], "all are in M2 by then"
    assert checks(folder) == ["reproduced"] * 3 + ["published", "reproduced"], "the first three are the same"
    record = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    assert record["policies"]["a"]["version"] == ["2026.4", "2026.5"]
    assert [(row["key"], row["a"], row["b"]) for row in record["changes"]] == [
        ("version", "2026.5", "2026.4"),
        ("effective_from", f"{SECOND_VERSION_FROM}", "2000-01-01"),
        ("tasks.kinds.call.from_stage", "M2", "M1"),
    ]


def test_a_policy_that_was_not_in_force_is_said_to_be_so(stored: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    outcome = compare(
        stored, FIRST, LAST, policy_a=DEFAULT_POLICY, policy_b=policy(tmp_path, CALM), folder=folder, say=quiet
    )
    assert checks(folder)[3:] == ["other_policy", "other_policy"]
    assert "in force on 3 of 5 nights" in outcome.checked[-1].en
    later = compare(
        stored, DAYS[3], LAST, policy_a=DEFAULT_POLICY, policy_b=policy(tmp_path, CALM), folder=folder, say=quiet
    )
    assert later.checked[-1].en.startswith("Policy A was in force on none of these nights")


# --- what is refused -------------------------------------------------------------------------------------------------


def copied(stored: Settings, folder: Path) -> Path:
    """A lake of one's own to spoil."""
    return Path(shutil.copytree(stored.lake, folder / "lake", symlinks=True))


def tamper(lake: Path, run_id: str, table: str, change: str) -> None:
    """Change the stored rows of a run so that only its hashes could tell, and those agree."""
    folder = lakes.run_folder(lake, run_id)
    made = folder / "tables.unfinished"
    shutil.copytree(folder / "tables", made)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS FROM '{made / table}.parquet'")
        assert connection.execute(f"UPDATE t SET {change}").fetchone() != (0,)
        connection.execute(f"COPY t TO '{made / table}.parquet' (FORMAT parquet)")
    lakes.seal_tables(folder, made)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("account_status", "risk_score = risk_score + 1 WHERE account_id = 'P1'"),
        ("account_flag", "since = since - 1 WHERE account_id = 'P1'"),
        ("decision_reason", "threshold = 'any' WHERE account_id = 'P1' AND decision = 'stage'"),
        ("task", "points = points + 1 WHERE account_id = 'P1'"),
    ],
)
def test_a_stored_row_that_was_changed_is_found(
    stored: Settings, run_ids: list[str], tmp_path: Path, table: str, change: str
) -> None:
    lake = copied(stored, tmp_path)
    tamper(lake, run_ids[2], table, change)
    nights = stored_nights(lake, run_ids, None, stored.home / "policies")
    with pytest.raises(
        BacktestError, match=rf"{DAYS[2]}.*does not give the rows that run {run_ids[2]}.*{table} differs in "
    ):
        replay(lake, nights, tmp_path / "out", quiet)
    assert not (tmp_path / "out" / "nights").exists(), "a replay that failed leaves nothing"


def test_a_stored_row_that_a_difference_could_reach_is_found_when_asked(
    stored: Settings, run_ids: list[str], tmp_path: Path
) -> None:
    """Between the nights that are computed in full, such rows are taken as published; ``verify`` computes them all."""
    lake = copied(stored, tmp_path)
    tamper(lake, run_ids[2], "task", "points = points + 1 WHERE account_id = 'P1'")
    nights = stored_nights(lake, run_ids, None, policy(tmp_path, CALM))
    done = replay(lake, nights, tmp_path / "some", quiet)
    assert done[2].check == "published"
    with pytest.raises(BacktestError, match="task differs in"):
        replay(lake, nights, tmp_path / "all", quiet, verify=True)


def test_what_the_lake_lost(stored: Settings, run_ids: list[str], tmp_path: Path) -> None:
    lake = copied(stored, tmp_path)
    policies = stored.home / "policies"

    def refused(match: str, error: type[HuikuanError] = BacktestError) -> None:
        with pytest.raises(error, match=match):
            replay(lake, stored_nights(lake, run_ids, None, policies), tmp_path / "out", quiet)

    kept = lake / "snapshots" / f"{DAYS[1]}"
    kept.rename(tmp_path / "kept")
    refused(rf"no snapshot any more for 1 of 5 nights: {DAYS[1]}")
    (tmp_path / "kept").rename(kept)
    account = next(kept.glob("*/account.parquet"))
    content = account.read_bytes()
    account.write_bytes(content[:-1] + b"?")
    refused(rf"{DAYS[1]} cannot be replayed")
    account.write_bytes(content)
    gate = lakes.run_folder(lake, run_ids[1]) / "quality" / "gate.json"
    text = gate.read_text(encoding="utf-8")
    gate.write_text(text.replace('"open"', '"no_contact"'), encoding="utf-8")
    refused(rf"{DAYS[1]} cannot be replayed")
    gate.unlink()
    refused("has lost what validation said of it")
    gate.write_text(text, encoding="utf-8")
    kept_policy = lakes.run_folder(lake, run_ids[0]) / "policy.yaml"
    original = kept_policy.read_text(encoding="utf-8")
    kept_policy.write_text(edited(CALM), encoding="utf-8")
    refused("is not the one it was published under")
    kept_policy.write_text("version: 1", encoding="utf-8")
    refused("has the form of another version of the program")
    kept_policy.write_text(original, encoding="utf-8")
    status = lakes.run_folder(lake, run_ids[1]) / "tables" / "account_status.parquet"
    status.write_bytes(status.read_bytes()[:-1] + b"?")
    refused("missing or damaged", SnapshotError)
    shutil.rmtree(lakes.run_folder(lake, run_ids[4]))
    refused(rf"Run {run_ids[4]} is published, but the lake does not hold it")


def test_the_night_before_the_first_must_be_whole(stored: Settings, run_ids: list[str], tmp_path: Path) -> None:
    lake = copied(stored, tmp_path)
    (lakes.run_folder(lake, run_ids[0]) / "manifest.json").unlink()
    with pytest.raises(BacktestError, match=rf"{DAYS[1]} continues from run {run_ids[0]}, which cannot be used"):
        replay(lake, stored_nights(lake, run_ids[1:], None, DEFAULT_POLICY), tmp_path / "out", quiet)


def test_a_policy_that_breaks_an_invariant(
    stored: Settings, run_ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side B would not have been published, and the message says by what; the policy in force passed its night."""
    broken = tmp_path / "invariants"
    shutil.copytree(PROJECT / "include" / "sql" / "invariants", broken)
    (broken / "nobody_small_is_left_alone.sql").write_text(
        "SELECT account_id FROM account_status WHERE account_id = 'SMALL' AND stage = 'M0'\n", encoding="utf-8"
    )
    monkeypatch.setattr("huikuan.engine.duck.INVARIANTS", broken)
    b = policy(tmp_path, ("  default: 0\n  by_currency", "  default: 100\n  by_currency"))
    nights = stored_nights(stored.lake, run_ids, None, b)
    with pytest.raises(
        BacktestError, match=rf"Under policy B the night of {FIRST} would not .*nobody_small_is_left_alone.*SMALL"
    ):
        replay(stored.lake, nights, tmp_path / "out", quiet)


def test_questions_that_cannot_be_asked(stored: Settings, tmp_path: Path) -> None:
    def ask(first: date = FIRST, last: date = LAST, **more: Any) -> Outcome:
        given: dict[str, Any] = {"policy_a": None, "policy_b": DEFAULT_POLICY, "folder": tmp_path / "out", **more}
        return compare(stored, first, last, say=quiet, **given)

    with pytest.raises(BacktestError, match="is later than"):
        ask(LAST, FIRST)
    with pytest.raises(BacktestError, match="No night from 2026-08-01 to 2026-08-02 was published"):
        ask(date(2026, 8, 1), date(2026, 8, 2))
    with pytest.raises(BacktestError, match="There is no company 'C9'") as refused:
        ask(company="C9")
    assert refused.value.remedy == "Known are C1, C2."
    assert not (tmp_path / "out").exists(), "it is refused before the work"
    with pytest.raises(PolicyError, match="cannot be read"):
        ask(policy_b=tmp_path / "none.yaml")
    with pytest.raises(PolicyError, match="gap: days 31 to 31"):
        ask(policy_b=policy(tmp_path, ("{stage: M2, from: 31", "{stage: M2, from: 32")))
    only_second = tmp_path / "versions"
    only_second.mkdir()
    shutil.copy(stored.home / "policies" / "2026.5.yaml", only_second)
    with pytest.raises(PolicyError, match=f"in force from {SECOND_VERSION_FROM} only"):
        ask(policy_b=only_second)


def test_a_folder_that_holds_something_else_is_left_alone(stored: Settings, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "nights" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.touch()
    with pytest.raises(BacktestError, match="was not made by a back-test"):
        compare(stored, FIRST, FIRST, policy_a=None, policy_b=DEFAULT_POLICY, folder=tmp_path / "out", say=quiet)
    assert mine.exists()


def test_a_report_needs_its_nights(stored: Settings, tmp_path: Path) -> None:
    with pytest.raises(BacktestError, match="holds no finished replay"):
        report(tmp_path)
    folder = replay_nights(
        stored, FIRST, DAYS[1], policy_a=None, policy_b=DEFAULT_POLICY, folder=tmp_path / "out", say=quiet
    )
    remove_nights(folder)
    with pytest.raises(BacktestError, match="were removed"):
        report(folder)


# --- nights that were published again --------------------------------------------------------------------------------


@pytest.fixture
def own(stored: Settings, new_database: Callable[..., str], tmp_path: Path) -> Settings:
    """Lake and warehouse of this test's own, as the nights left them."""
    assert stored.warehouse_url
    database = urlsplit(stored.warehouse_url).path.removeprefix("/")
    return replace(stored, lake=copied(stored, tmp_path), warehouse_url=new_database(database))


def test_a_night_published_again_since(own: Settings, tmp_path: Path) -> None:
    """P3 was written off a day earlier, as is known now: the next night still continues from what was known then."""
    ledger = tmp_path / "ledger"
    shutil.copytree(own.home / "ledger", ledger)
    with duckdb.connect() as connection:
        table = ledger / "document.parquet"
        connection.execute(f"CREATE TABLE d AS FROM '{table}'")
        connection.execute("UPDATE d SET amount = 9000 WHERE account_id = 'P3'")
        connection.execute(f"COPY d TO '{table}' (FORMAT parquet)")
    policies = own.home / "policies"
    run_night(DAYS[1], ledger=str(ledger), policy=policies, settings=replace(own, lake=own.lake), refresh=True)
    outcome = compare(own, FIRST, LAST, policy_a=None, policy_b=policies, folder=tmp_path / "out", say=quiet)
    assert {name: outcome.rows[name] for name in EMPTY} == EMPTY, "both sides are the same policy still"
    found = checks(tmp_path / "out")
    assert found[:2] == ["reproduced", "reproduced"]
    assert found[2] == "differs"
    note = json.loads((tmp_path / "out" / "replay.json").read_text(encoding="utf-8"))["nights"][2]["note"]
    assert "was published again since; " in note
    assert "differs in" in note
    assert any(f"{DAYS[2]}: the replay under the policy in force differs" in line.en for line in outcome.checked)
    assert "✗ differs" in outcome.page.read_text(encoding="utf-8")


# --- the command -----------------------------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_the_command_shows_what_differs(stored: Settings, tmp_path: Path) -> None:
    b = policy(tmp_path, ("wait_days: 7 # after the last notice", "wait_days: 3 # after the last notice"))
    where = ["--lake", stored.lake, "--warehouse", stored.warehouse_url, "--out", tmp_path / "out"]
    result = run("policy", "diff", DEFAULT_POLICY, b, "--from", FIRST, "--to", DAYS[2], "--company", "C1", *where)
    assert result.exit_code == 0, result.output
    assert "begin with 1 earlier (CNY 15,000 overdue)" in result.output
    assert "政策 B 会提前 1 个" in result.output
    assert "difference.html" in result.output
    assert (tmp_path / "out" / "difference.html").exists()
    assert not (tmp_path / "out" / "nights").exists()
    again = run("policy", "diff", "in-force", b, "--from", FIRST, "--to", DAYS[1], "--verify", *where)
    assert again.exit_code == 0, again.output
    assert "On 2 it was computed again in full" in again.output


def test_the_command_in_a_process_ends_with_two_when_it_cannot(stored: Settings) -> None:
    command = [sys.executable, "-m", "huikuan", "policy", "diff", "in-force", str(DEFAULT_POLICY)]
    command += ["--from", "2027-01-01", "--to", "2027-01-02", "--lake", str(stored.lake)]
    command += ["--warehouse", str(stored.warehouse_url)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT, env=_environment())
    assert done.returncode == 2
    assert "No night from 2027-01-01 to 2027-01-02 was published" in done.stderr
    assert "→ Choose dates with published nights" in done.stderr
    assert "Traceback" not in done.stderr


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(PROJECT / "plugins"), "COLUMNS": "300"}


def test_policy_check(stored: Settings, tmp_path: Path) -> None:
    good = run("policy", "check", stored.home / "policies")
    assert good.exit_code == 0, good.output
    assert good.output.count("✓") == 2
    assert f"version 2026.5, effective from {SECOND_VERSION_FROM}" in good.output
    bad = policy(tmp_path, ("{stage: M2, from: 31", "{stage: M2, from: 32"))
    mixed = run("policy", "check", DEFAULT_POLICY, bad, tmp_path / "none.yaml")
    assert mixed.exit_code == 2
    assert (mixed.output.count("✓"), mixed.output.count("✗")) == (1, 2)
    assert "b.yaml, line" in mixed.output
