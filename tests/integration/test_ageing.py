"""Ageing of a day that is past: by replay and as it was published, what was dated back, and the general ledger; and a
chain of nights of the demo, whose published rows say of each day what its replay says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.errors import FinanceError
from huikuan.finance.ageing import Ageing, ageing
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.settings import DEFAULT_POLICY, Settings
from huikuan.warehouse.connect import connect
from huikuan.warehouse.tables import BUCKETS
from tests.models.ledgers import complete, write

FIRST, SECOND = date(2026, 6, 11), date(2026, 6, 12)
CLOSE = date(2026, 6, 10)
DOCUMENTS = [
    {"document_id": "I1", "issued_on": date(2026, 4, 1), "due_on": date(2026, 5, 1), "amount": 1000},
    {"document_id": "I2", "issued_on": date(2026, 6, 1), "due_on": date(2026, 7, 1), "amount": 500},
]
BACK_DATED = {"receipt_id": "P1", "received_on": date(2026, 6, 9), "amount": 400}


@pytest.fixture
def settings(tmp_path: Path, warehouse_url: str) -> Settings:
    return Settings(home=tmp_path, lake=tmp_path, mail=tmp_path / "mail", warehouse_url=warehouse_url)


def night(settings: Settings, day: date, controls: dict[date, int], **tables: Any) -> None:
    folder = settings.home / f"ledger-{day}"
    folder.mkdir()
    control = [
        {"company_id": "C1", "as_of": on, "currency": "CNY", "balance": balance} for on, balance in controls.items()
    ]
    write(complete({"document": DOCUMENTS, "control_total": control, **tables}, day), folder)
    run_night(day, ledger=str(folder), policy=DEFAULT_POLICY, settings=settings)


def two_nights(settings: Settings, controls: dict[date, int]) -> Ageing:
    """The second ledger brings a receipt of 400 that is dated two days back, before the first close."""
    night(settings, FIRST, {CLOSE: 1500})
    paid = [{"source_id": "P1", "document_id": "I1", "amount": 400, "allocated_on": date(2026, 6, 9)}]
    night(settings, SECOND, controls, receipt=[BACK_DATED], allocation=paid)
    return ageing(str(settings.warehouse_url), settings.lake, CLOSE)


def shown(settings: Settings, *arguments: str) -> Any:
    where = ["--lake", str(settings.lake), "--warehouse", str(settings.warehouse_url)]
    return CliRunner().invoke(app, ["ageing", *arguments, *where], env={"COLUMNS": "250"})


def test_what_was_dated_back_is_named(settings: Settings) -> None:
    found = two_nights(settings, {CLOSE: 1100, date(2026, 6, 11): 1100})
    told = {each.bucket: (each.replayed, each.published, each.difference) for each in found.buckets}
    assert told["d31_60"] == (600, 1000, -400)
    assert told["not_due"] == (500, 500, 0)
    assert sum(each.difference for each in found.buckets) == -400
    (moved,) = found.moved
    assert (moved.account_id, moved.document_id, moved.replayed, moved.published) == ("A1", "I1", 600, 1000)
    assert found.is_tied
    (tie,) = found.ties
    assert (tie.ledger_balance, tie.control_balance, tie.state) == (1100, 1100, "tied")
    result = shown(settings, "--as-of", f"{CLOSE}")
    assert result.exit_code == 0, result.output
    assert "I1" in result.output and "-400.00" in result.output and "tied" in result.output


def test_a_day_that_does_not_tie_has_exit_code_1(settings: Settings) -> None:
    """The general ledger was closed on 1,500 and has not heard of the receipt."""
    found = two_nights(settings, {CLOSE: 1500, date(2026, 6, 11): 1100})
    assert [(tie.difference, tie.state) for tie in found.ties] == [(Decimal(-400), "differs")]
    result = shown(settings, "--as-of", f"{CLOSE}")
    assert result.exit_code == 1
    assert "does not tie" in result.output


@pytest.mark.parametrize(("first", "second"), [("A9", "A1"), ("A1", "A9")])
def test_what_quarantine_holds_back_is_added_once(settings: Settings, first: str, second: str) -> None:
    """A document of an account that the ledger does not know, and the same one repaired; and the other way round."""
    for day, account_id in ((FIRST, first), (SECOND, second)):
        doubtful = {**DOCUMENTS[1], "document_id": "I3", "account_id": account_id, "amount": 1}
        night(settings, day, {CLOSE: 1501, date(2026, 6, 11): 1501}, document=[*DOCUMENTS, doubtful])
    (tie,) = ageing(str(settings.warehouse_url), settings.lake, CLOSE).ties
    expected = (1501, 0) if second == "A1" else (1500, 1)
    assert (tie.ledger_balance, tie.quarantined, tie.state) == (*expected, "tied")


def test_nothing_dated_back(settings: Settings) -> None:
    night(settings, FIRST, {CLOSE: 1500})
    night(settings, SECOND, {CLOSE: 1500, date(2026, 6, 11): 1500})
    result = shown(settings, "--as-of", f"{CLOSE}", "--company", "C1")
    assert result.exit_code == 0, result.output
    assert "replay and publication agree" in result.output


def test_rows_by_account_and_document(settings: Settings, tmp_path: Path) -> None:
    two_nights(settings, {CLOSE: 1100, date(2026, 6, 11): 1100})
    url = str(settings.warehouse_url)
    assert ageing(url, settings.lake, CLOSE).rows == ()
    assert ageing(url, settings.lake, CLOSE, by="account").rows == (
        ("C1", "A1", "CNY", "not_due", 500, 500, 0),
        ("C1", "A1", "CNY", "d31_60", 600, 1000, -400),
    )
    assert [row[2:] for row in ageing(url, settings.lake, CLOSE, by="document").rows] == [
        ("I1", 1, "CNY", "d31_60", 600, 1000, -400),
        ("I2", 1, "CNY", "not_due", 500, 500, 0),
    ]
    (late,) = ageing(url, settings.lake, date(2026, 5, 20), by="document").rows
    assert late == ("C1", "A1", "I1", 1, "CNY", "d1_30", 1000, None, None)

    asked = ("--as-of", f"{CLOSE}", "--by", "document")
    result = shown(settings, *asked, "--limit", "1")
    assert result.exit_code == 0, result.output
    assert "--out writes them all" in result.output
    for ending in ("csv", "xlsx", "parquet"):
        result = shown(settings, *asked, "--out", str(tmp_path / f"ageing.{ending}"))
        assert result.exit_code == 0, result.output
        assert "exported 2 行" in result.output
    lines = (tmp_path / "ageing.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1] == '"C1","A1","I1",1,"CNY","d31_60",600.0000,1000.0000,-400.0000'
    sheet = openpyxl.load_workbook(tmp_path / "ageing.xlsx").active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == ["C1", "A1", "I1", 1, "CNY", "d31_60", 600, 1000, -400]
    table = pyarrow.parquet.read_table(tmp_path / "ageing.parquet")
    assert (
        table["replayed"].to_pylist() == [600, 500] and str(table.schema.field("replayed").type) == "decimal128(18, 4)"
    )


def test_a_file_needs_rows_and_a_format(settings: Settings, tmp_path: Path) -> None:
    for asked, told in (
        (("--out", str(tmp_path / "a.csv")), "--by"),
        (("--by", "account", "--out", str(tmp_path / "a.doc")), "doc is not one of"),
        (("--by", "rep"), "account"),
    ):
        result = shown(settings, "--as-of", f"{CLOSE}", *asked)
        assert result.exit_code == 2, result.output
        assert told in result.output
    assert not list(tmp_path.glob("a.*"))


def test_days_and_companies_that_nobody_knows(settings: Settings) -> None:
    night(settings, FIRST, {CLOSE: 1500})
    url = str(settings.warehouse_url)
    with pytest.raises(FinanceError, match="No published night has closed 2026-06-11"):
        ageing(url, settings.lake, date(2026, 6, 11))
    with pytest.raises(FinanceError, match="no company C9"):
        ageing(url, settings.lake, CLOSE, "C9")
    before = ageing(url, settings.lake, date(2026, 5, 20))
    assert before.published_run is None and before.moved == ()
    assert {each.bucket: each.replayed for each in before.buckets if each.replayed} == {"d1_30": 1000}
    assert before.ties[0].state == "not_checked"


CLOSES = [date(2026, 6, 26) + timedelta(days=n) for n in range(10)]
"""Ten days in a row, over a weekend and a month end."""
LEDGER_FROM = date(2024, 6, 1)
"""The same for each night: a ledger of the demo holds an earlier one when both begin in the same month."""


@pytest.fixture(scope="module")
def chained(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Published nights of a growing demo ledger, each the night before of the next."""
    folder = tmp_path_factory.mktemp("chain")
    lake, mail = folder / "lake", folder / "mail"
    settings = Settings(home=folder, lake=lake, mail=mail, warehouse_url=module_warehouse_url)
    for closed_on in CLOSES:
        ledger = folder / f"ledger-{closed_on}"
        months = 12 * (closed_on.year - LEDGER_FROM.year) + closed_on.month - LEDGER_FROM.month
        generate(ledger, through=closed_on, accounts=40, months=months)
        night = run_night(closed_on + timedelta(days=1), ledger=str(ledger), policy=DEFAULT_POLICY, settings=settings)
        assert night.counts["open_item"] > 100
    return settings


@pytest.fixture(scope="module")
def stored(chained: Settings) -> Iterator[psycopg.Connection]:
    with connect(str(chained.warehouse_url), "finance_ro") as connection:
        yield connection


def published(stored: psycopg.Connection, query: str, closed_on: date) -> dict[tuple[str, str], list[Decimal]]:
    """Open amount by company and currency, one figure per bucket."""
    amounts = ", ".join(query.format(bucket) for bucket in BUCKETS)
    table = "open_item" if "FILTER" in query else "account_balance"
    rows = stored.execute(
        f"SELECT company_id, currency, {amounts} FROM collections.{table}"
        f" WHERE as_of = DATE '{closed_on}' GROUP BY company_id, currency"
    ).fetchall()
    return {(company, currency): sums for company, currency, *sums in rows if any(sums)}


@pytest.mark.parametrize("closed_on", CLOSES, ids=str)
def test_what_is_stored_of_a_day_is_its_replay(chained: Settings, stored: psycopg.Connection, closed_on: date) -> None:
    """Nobody has dated an entry back: every instalment, and every bucket of both tables, is as the newest ledger has
    it; and every company ties to its general ledger."""
    found = ageing(str(chained.warehouse_url), chained.lake, closed_on)
    replayed: dict[tuple[str, str], list[Decimal]] = {}
    for each in found.buckets:
        replayed.setdefault((each.company_id, each.currency), []).append(each.replayed)
    assert len(replayed) == 4 and sum(amount > 0 for sums in replayed.values() for amount in sums) >= 12
    assert published(stored, "COALESCE(sum(open_amount) FILTER (WHERE bucket = '{}'), 0)", closed_on) == replayed
    assert published(stored, "sum({})", closed_on) == replayed
    assert found.published_run is not None and found.moved == ()
    assert {tie.state for tie in found.ties} == {"tied"}


def test_tasks_are_told_from_the_second_night_on(stored: psycopg.Connection) -> None:
    """The wide view has the share of last night's tasks that were answered, once there was a night before."""
    rows = stored.execute(
        "SELECT as_of, count(task_answered_pct), count(task_coverage_pct) FROM collections.metric_daily"
        " WHERE dimension = 'company' AND is_total GROUP BY as_of ORDER BY as_of"
    ).fetchall()
    assert rows == [(day, 0 if day == CLOSES[0] else 2, 2) for day in CLOSES]
