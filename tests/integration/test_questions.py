"""The questions that finance asks most: each is answered on a night of the demo, as finance, from its night alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from huikuan.errors import WarehouseError
from huikuan.ledger.demo import generate
from huikuan.night.run import run_night
from huikuan.settings import DEFAULT_POLICY, PROJECT, Settings
from huikuan.warehouse.connect import connect
from huikuan.warehouse.questions import Question, ask, page, questions

DAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def url(module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("night")
    generate(folder / "ledger", through=date(2026, 6, 29), accounts=150)
    settings = Settings(
        home=folder,
        lake=folder / "lake",
        mail=folder / "mail",
        warehouse_url=module_warehouse_url,
        policies=DEFAULT_POLICY,
    )
    run_night(DAY, ledger=str(folder / "ledger"), policy=DEFAULT_POLICY, settings=settings)
    return module_warehouse_url


@pytest.fixture
def finance(url: str) -> Iterator[psycopg.Connection]:
    with connect(url, "finance_ro") as connection:
        yield connection


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_answered(finance: psycopg.Connection, question: Question) -> None:
    names, rows = ask(finance, question, DAY)
    assert rows
    assert len(names) == len(set(names))
    assert any(value is not None for row in rows for value in row)
    assert len(question.sql.splitlines()) <= 25, "short enough to be typed"
    assert "$business_date" in question.sql


def test_ten_questions_in_both_languages() -> None:
    assert len(questions()) == 10
    for question in questions():
        assert question.en.endswith("?")
        assert question.zh.endswith("？")


def test_the_page(url: str) -> None:
    text = page(url)
    for question in questions():
        assert f". {question.en} {question.zh}\n" in text
        assert question.query(DAY) in text
    committed = (PROJECT / "docs" / "finance-queries.md").read_text(encoding="utf-8")
    for question in questions():
        assert f". {question.en} {question.zh}\n" in committed, "make it anew: python -m huikuan.warehouse.questions"
        body = question.sql.split("$business_date")
        assert all(part in committed for part in body), "make it anew: python -m huikuan.warehouse.questions"


def test_a_file_that_asks_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("SELECT 1\n", encoding="utf-8")
    with pytest.raises(WarehouseError, match="does not say what it asks"):
        questions(tmp_path)


def test_the_wide_views_say_what_the_long_one_says(finance: psycopg.Connection) -> None:
    """Every column of them, on every close, is the metric of its name in one window and no other."""
    windows = {
        "as_of": (
            *("open_amount", "overdue_amount", "overdue_share_pct", "dso_countback", "dso_true"),
            *("task_answered_pct", "task_coverage_pct"),
        ),
        "m3": (
            *("dso_simple", "bpdso", "add", "cei", "cei_monthly", "days_late", "days_to_pay"),
            *("promise_kept_pct", "promise_kept_amount_pct"),
        ),
        "mtd": ("coverage_pct", "answer_rate_pct", "collection_rate_pct", "sales", "receipts", "write_offs"),
    }
    window_of = {name: window for window, names in windows.items() for name in names}
    described = finance.execute("SELECT * FROM collections.metric_daily LIMIT 0").description or ()
    keys = {"business_date", "run_id", "scope", "company_id", "dimension", "member", "currency", "is_total", "as_of"}
    assert {column.name for column in described} == keys | set(window_of)
    for view, close in (("metric_month_end", "w.closed_on"), ("metric_daily", "w.as_of")):
        for name, window in window_of.items():
            [(told, differing)] = finance.execute(
                f"SELECT count(m.value), count(*) FILTER (WHERE m.value IS DISTINCT FROM w.{name})"  # type: ignore[arg-type]
                f" FROM collections.{view} AS w LEFT JOIN collections.metric AS m"
                f" ON m.business_date = w.business_date AND m.scope = w.scope AND m.closed_on = {close}"
                f" AND m.name = '{name}' AND m.\"window\" = '{window}' WHERE w.business_date = DATE '{DAY}'"
            ).fetchall()
            assert (told > 0) == (name != "task_answered_pct"), (view, name)  # the fixture has no night before
            assert differing == 0, (view, name)
        [(rows, scopes)] = finance.execute(
            f"SELECT count(*), count(DISTINCT (w.scope, {close})) FROM collections.{view} AS w"  # type: ignore[arg-type]
        ).fetchall()
        assert rows == scopes > 0
