"""Ageing of a day that is past: by replay and as it was published, what was dated back, and the general ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.errors import FinanceError
from huikuan.finance.ageing import Ageing, ageing
from huikuan.night.run import run_night
from huikuan.settings import DEFAULT_POLICY, Settings
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
