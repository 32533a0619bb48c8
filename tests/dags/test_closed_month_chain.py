"""Closed months that follow each other: what was booked late into a closed month, and what a correction leaves open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from huikuan.cli import app
from huikuan.finance import months
from huikuan.orchestration import alerts, month_end
from huikuan.orchestration.run import Run
from huikuan.settings import Settings
from tests.integration.warehouse_samples import published, record

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


class Books:
    """Two companies; only the receivables and the allowance of C1 are told."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.runs = url, folder, 0
        self.settings = Settings(home=folder, lake=folder / "lake", mail=folder / "mail", warehouse_url=url)

    def night(
        self, month: date, receivables: tuple[str, str], allowance: tuple[str, str], currency: str = "CNY"
    ) -> Run:
        """Publish the close of a month: what it opened with and was closed on; ``currency`` of the receivables."""
        self.runs += 1
        day = months.closing_date(month)
        ends = {
            f"{table}__{column}": f"CASE WHEN i = 0 THEN {amount} ELSE 7 END"
            for table, amounts in (("month_balance", receivables), ("provision_movement", allowance))
            for column, amount in zip(("opening", "closing"), amounts, strict=True)
        }
        fixed = {f"{table}__month": f"DATE '{month}'" for table in ("month_balance", "provision_movement")}
        fixed |= {"provision_movement__is_total": "false", "month_balance__currency": f"'{currency}'"}
        run = record(day, f"{self.runs:012x}")
        published(self.url, self.folder, run, 2, **fixed, **ends)
        return Run(day, {}, self.settings, is_backfill=False)

    def correct(self, month: date) -> None:
        months.correct(self.url, self.settings.lake, "C1", month, "booked late", months.BY_ITSELF)

    def show(self, month: date) -> str:
        where = ["--lake", str(self.settings.lake), "--warehouse", self.url]
        done = CliRunner().invoke(app, ["month", "show", "C1", f"{month:%Y-%m}", *where])
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture
def alerted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(alerts, "tell", lambda *words: told.append(words))
    return told


@pytest.fixture
def books(warehouse_url: str, tmp_path: Path) -> Books:
    return Books(warehouse_url, tmp_path)


def test_months_that_follow_each_other_are_told_to_nobody(books: Books, alerted: list[tuple[Any, ...]]) -> None:
    month_end.lock_month(books.night(JUNE, ("0", "1000"), ("0", "10")))
    month_end.lock_month(books.night(JULY, ("1000", "1200.50"), ("10", "12.01")))
    assert alerted == []
    assert months.gaps(books.url, "C1", JUNE) == []
    assert "does not follow" not in books.show(JUNE) + books.show(JULY)
    with psycopg.connect(books.url) as connection:
        rows = connection.execute(
            "SELECT figure, closed_with, opened_with, difference FROM collections.closed_month_chain"
            " WHERE company_id = 'C1' AND month = %s ORDER BY figure",
            [JULY],
        ).fetchall()
    assert rows == [("allowance", 10, 10, 0), ("receivables", 1000, 1000, 0)]


def test_a_late_booking_is_told_until_both_months_tell_the_same(books: Books, alerted: list[tuple[Any, ...]]) -> None:
    """A receipt of 123.45 in June, booked in July; then June is corrected, and July after it."""
    month_end.lock_month(books.night(JUNE, ("0", "1000"), ("0", "10")))
    month_end.lock_month(books.night(JULY, ("876.55", "1200"), ("10", "12")))
    [(day, subject, text)] = alerted
    assert (day, subject) == (AUGUST, "2026-07 of C1 does not follow 2026-06")
    assert "2026-07 opens with receivables of CNY 876.55; 2026-06 is closed on 1,000.00" in text
    assert "run the night of 2026-07-01 again" in text and "month correct C1 2026-06" in text
    assert "run the night of 2026-07-01 again, then `huikuan month correct C1 2026-06`" in books.show(JULY)

    books.night(JUNE, ("0", "876.55"), ("0", "8"))
    books.correct(JUNE)
    [left] = months.gaps(books.url, "C1", JUNE)
    assert f"{left}" == "2026-07 opens with allowance of CNY 10.00; 2026-06 is closed on 8.00"
    assert "run the night of 2026-08-01 again, then `huikuan month correct C1 2026-07`" in books.show(JUNE)

    books.night(JULY, ("876.55", "1200"), ("8", "12"))
    books.correct(JULY)
    assert months.gaps(books.url, "C1", JUNE) == months.gaps(books.url, "C1", JULY) == []


def test_a_currency_that_is_gone_is_a_difference(books: Books) -> None:
    """What one month has no row of is nothing, not something to skip."""
    month_end.lock_month(books.night(JUNE, ("0", "1000"), ("0", "10")))
    month_end.lock_month(books.night(JULY, ("876.55", "1"), ("10", "1"), currency="USD"))
    found = [(gap.currency, gap.closed_with, gap.opened_with) for gap in months.gaps(books.url, "C1", JULY)]
    assert found == [("CNY", 1000, 0), ("USD", 0, Decimal("876.55"))]
