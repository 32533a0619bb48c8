"""Tables and page of a difference, from hand-made replays: every effect, odd names, nothing at all, many nights."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from huikuan.backtest import charts, page
from huikuan.backtest.difference import TABLES, difference, read_record
from huikuan.backtest.nights import BacktestError, changes
from huikuan.policy import Policy, load_policy
from huikuan.settings import DEFAULT_POLICY
from tests.backtest_samples import edited, lay_replay

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")
POISON = '<script>alert(1)</script>"&{{ 7*7 }}'


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{folder}'")
        return connection.execute(query).fetchall()


def lay_flags(folder: Path, side: str, nights: list[list[str | None]]) -> None:
    """Replace account_flag of one side: ``nights[n][account]`` is the state of its stop of supply, None: no row."""
    for day, states in zip(sorted((folder / "nights").iterdir()), nights, strict=True):
        path = day / side / "account_flag.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE f AS FROM '{path}'")
            connection.execute("UPDATE f SET flag = 'stop_supply'")
            for account, state in enumerate(states):
                connection.execute("UPDATE f SET state = ? WHERE account_id = ?", [state or "none", f"A{account}"])
            connection.execute(
                "DELETE FROM f WHERE state = 'none' OR account_id NOT IN (SELECT unnest(?))",
                [[f"A{n}" for n in range(len(states))]],
            )
            connection.execute(f"COPY f TO '{path}' (FORMAT parquet)")


def test_every_effect_of_a_sanction_has_its_name(tmp_path: Path) -> None:
    """Accounts are columns, nights are rows."""
    on, wait, off = "active", "proposed", None
    a = [
        [off, on, off, on, on, on, on, wait, on, on],
        [off, on, on, on, on, on, off, wait, on, "released"],
        [off, on, on, on, on, off, on, wait, on, off],
    ]
    b = [
        [on, off, on, off, on, on, on, on, on, on],
        [on, off, on, on, on, on, on, on, on, off],
        [on, off, on, on, off, on, on, on, on, off],
    ]
    folder = lay_replay(tmp_path, nights=3, rows=10)
    lay_flags(folder, "a", a)
    lay_flags(folder, "b", b)
    difference(folder)
    assert dict(rows(folder, "SELECT account_id, effect FROM 'sanction.parquet'")) == {
        "A0": "new",
        "A1": "dropped",
        "A2": "earlier",
        "A3": "later",
        "A4": "ended_earlier",
        "A5": "ended_later",
        "A6": "other_nights",
        "A7": "other_state",
    }, "A8 runs the same way, and A9 is released on one side only when its reason went away"
    page.write(folder)


def test_money_of_two_currencies_is_never_summed(tmp_path: Path) -> None:
    folder = lay_replay(tmp_path, b={"account_status__stage": "'M4'"}, account_status__stage="'M1'")
    difference(folder)
    units = rows(folder, "SELECT DISTINCT scope, unit FROM 'summary.parquet' WHERE name LIKE '%overdue%' ORDER BY ALL")
    assert units == [("company/C1", "CNY"), ("company/C2", "JPY")]
    total = rows(folder, "SELECT currency, SUM(moved_overdue_functional) FROM 'money.parquet' GROUP BY 1 ORDER BY 1")
    status = [f"'{each}'" for each in sorted(folder.glob("nights/*/b/account_status.parquet"))]
    expected = rows(
        folder,
        "SELECT CASE company_id WHEN 'C1' THEN 'CNY' ELSE 'JPY' END, SUM(overdue_functional)"
        f" FROM read_parquet([{', '.join(status)}]) GROUP BY 1 ORDER BY 1",
    )
    assert total == expected


@pytest.mark.parametrize("name", FORMULAS)
def test_a_cell_that_is_a_formula_is_text(tmp_path: Path, name: str) -> None:
    quoted = name.replace("\t", "' || chr(9) || '").replace("\r", "' || chr(13) || '")
    keys = {f"{table}__account_id": f"'{quoted}' || i" for table in ("account_status", "account_flag")}
    folder = lay_replay(
        tmp_path, nights=1, rows=3, b={"account_status__stage": "'M4'"}, account_status__stage="'M1'", **keys
    )
    difference(folder)
    with (folder / "move.csv").open(encoding="utf-8", newline="") as file:
        found = {row["account_id"] for row in csv.DictReader(file)}
    assert found == {f"'{name}{number}" for number in range(3)}
    assert {row[0] for row in rows(folder, "SELECT account_id FROM 'move.parquet'")} == {f"{name}{n}" for n in range(3)}


def test_a_name_of_the_ledger_cannot_do_anything_on_the_page(tmp_path: Path) -> None:
    keys = {
        f"{table}__account_id": f"'{POISON}' || i" for table in ("account_status", "account_flag", "decision_reason")
    }
    reps = {f"{table}__rep_id": f"'{POISON}' || i" for table in ("account_status", "task")}
    folder = lay_replay(
        tmp_path,
        nights=2,
        rows=5,
        b={"account_status__stage": "'M4'", "task__task_id": "'b' || i"},
        account_status__stage="'M1'",
        **keys,
        **reps,
    )
    difference(folder)
    text = page.write(folder).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "{{ 7*7 }}" in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"""(src|href|url\()\s*=?\s*["']?https?:""", text), "nothing is fetched"


def test_nothing_that_stands_and_nobody_with_a_task(tmp_path: Path) -> None:
    folder = lay_replay(tmp_path, nights=2, rows=0)
    assert {name for name, count in difference(folder).items() if count} == {"summary"}
    text = page.write(folder).read_text(encoding="utf-8")
    assert "policy B moves nobody" in text
    figures = {row[0]: row[2] for row in read_record(folder)["summary"]}
    assert figures["tasks_a"] == "0.0000"


def test_tables_that_a_night_did_not_have_yet_are_empty(tmp_path: Path) -> None:
    folder = lay_replay(tmp_path)
    for file in folder.glob("nights/*/?/early_warning.parquet"):
        file.unlink()
    difference(folder, "C2")
    assert rows(folder, "SELECT DISTINCT company_id FROM 'money.parquet'") == [("C2",)]
    assert (
        {path.stem for path in folder.glob("*.csv")} == {path.stem for path in folder.glob("*.parquet")} == set(TABLES)
    )


def test_a_company_that_changes_its_currency_counts_each_night_in_its_own(tmp_path: Path) -> None:
    folder = lay_replay(tmp_path, nights=2, rows=4)
    last = max((folder / "nights").iterdir()) / "both" / "company.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE c AS FROM '{last}'")
        connection.execute("UPDATE c SET functional_currency = 'EUR' WHERE company_id = 'C1'")
        connection.execute(f"COPY c TO '{last}' (FORMAT parquet)")
    difference(folder)
    found = rows(
        folder, "SELECT business_date, currency, accounts FROM 'money.parquet' WHERE company_id = 'C1' ORDER BY 1"
    )
    assert [(currency, accounts) for _, currency, accounts in found] == [("CNY", 2), ("EUR", 2)]


def test_an_unknown_company_and_a_folder_without_a_replay(tmp_path: Path) -> None:
    with pytest.raises(BacktestError, match="holds no finished replay"):
        difference(tmp_path)
    folder = lay_replay(tmp_path)
    with pytest.raises(BacktestError, match='There is no company "C1\' OR 1=1"') as refused:
        difference(folder, "C1' OR 1=1")
    assert refused.value.remedy == "Known are C1, C2."


# --- what differs between two policies -------------------------------------------------------------------------------


@pytest.fixture
def policy(tmp_path: Path) -> Callable[..., Policy]:
    def make(*edits: tuple[str, str]) -> Policy:
        path = tmp_path / "policy.yaml"
        path.write_text(edited(*edits), encoding="utf-8")
        return load_policy(path)

    return make


def test_changes_are_named_by_what_they_are_about(policy: Callable[..., Policy]) -> None:
    given = policy(
        ("{stage: M1, from: 1, to: 30}", "{stage: M1, from: 1, to: 25}"),
        ("{stage: M2, from: 31", "{stage: M2, from: 26"),
        ("overdue_functional: {over: 20000}", "overdue_functional: {over: 25000}"),
        ("  by_currency: {JPY: 100}", "  by_currency: {JPY: 100, KRW: 1000}"),
        ("complete_tables: [receipt]", "complete_tables: [receipt, document]"),
    )
    found = {key: (a, b) for key, a, b in changes(load_policy(DEFAULT_POLICY), given)}
    entry = next(key for key in found if key.startswith("ladder."))
    assert "stop_service" in entry
    assert found.pop(entry)[1].startswith("25000")
    assert found.pop("gate.complete_tables") == ("receipt", "receipt, document")
    assert found.pop("stages.M1.to") == ("30", "25")
    assert found.pop("stages.M2.from") == ("31", "26")
    [(key, (before, after))] = found.items()
    assert (key, before, after) == ("tolerance.by_currency.KRW", "", "1000")


def test_an_inserted_rule_is_one_change_and_not_all_that_follow(policy: Callable[..., Policy]) -> None:
    new = "{rule_id: erratic.first, pattern: erratic, when: {receipts_count: {over: 50}}}"
    given = policy(("  - {rule_id: erratic.spread", f"  - {new}\n  - {{rule_id: erratic.spread"))
    keys = [key for key, _, _ in changes(load_policy(DEFAULT_POLICY), given)]
    assert keys
    assert all(key.startswith("patterns.erratic.first.") for key in keys)


def test_the_same_policy_has_no_changes() -> None:
    one = load_policy(DEFAULT_POLICY)
    assert changes(one, one.model_copy()) == []
    assert yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))["version"] == one.version


# --- charts ----------------------------------------------------------------------------------------------------------


def test_a_chart_is_the_same_every_time_and_text_stays_text(tmp_path: Path) -> None:
    folder = lay_replay(tmp_path, nights=3, b={"account_flag__state": "'active'"}, account_flag__flag="'stop_supply'")
    difference(folder)
    first, again = (page.write(folder).read_text(encoding="utf-8") for _ in range(2))
    assert first == again
    assert "<svg" in first
    assert "stop_supply 停止供货" in first
    assert all(f">03-0{day}<" in first for day in (2, 3, 4))
    assert "<metadata" not in first
    assert not re.search(r"#0[1-4]0[1-4]0[1-4]", first), "colours come from the page"


def test_a_label_is_cut_and_escaped() -> None:
    drawn = charts.dumbbells("reps", [("R<b>$x$" + "长" * 80, 1.0, 3.0)])
    assert "<b>" not in drawn
    assert "R&lt;b&gt;$x$长" in drawn
    assert "长" * 40 not in drawn


def test_the_record_keeps_what_the_page_shows(tmp_path: Path) -> None:
    folder = lay_replay(tmp_path, b={"account_status__stage": "'M4'"}, account_status__stage="'M1'")
    counts = difference(folder)
    record = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    assert record["rows"] == counts
    assert record["company"] is None
    text = page.write(folder).read_text(encoding="utf-8")
    assert "✓ published rows" in text
    assert "采用已发布的结果" in text
    assert "120 ▲" not in text
    assert "40 ▲" in text
