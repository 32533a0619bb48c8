"""Two years of the demo ledger: every month end and some days between, as the newest night tells them and by replay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from huikuan.engine import duck
from huikuan.engine.graph import load_models
from huikuan.ledger.demo import generate
from huikuan.policy import Policy, load_policy
from huikuan.policy.finance_relations import close_days
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import fetch

BUSINESS_DATE = date(2026, 7, 1)
AS_OF = BUSINESS_DATE - timedelta(days=1)
MONTHS = 24
MONTH_ENDS = [row[0] for row in close_days(AS_OF, MONTHS)]
DAYS = [AS_OF - timedelta(days=back) for back in (7, 46, 85, 131, 190, 251, 333, 402, 477, 555, 640, 701)]
SAME = ("open_amount", "overdue_amount", "overdue_share_pct", "sales", "receipts", "write_offs", "dso_simple", "bpdso",
        "add", "dso_countback", "dso_true", "cei", "cei_monthly")  # fmt: skip
"""Figures of a close that are the same whichever night tells them, as long as nobody dates an entry back. Days late are
not among them: money that came in then and was applied to its invoice later counts for the month in which it came."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, through=AS_OF, accounts=80)
    return {path.stem: path for path in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def policy() -> Policy:
    content = load_policy(DEFAULT_POLICY).model_dump(by_alias=True)
    content["finance"]["trend_months"] = MONTHS
    return Policy.model_validate(content)


@contextmanager
def session(policy: Policy, ledger: dict[str, Path], business_date: date) -> Iterator[duckdb.DuckDBPyConnection]:
    inputs = duck.Inputs(business_date=business_date, policy=policy, ledger=ledger)
    with duck.session(inputs, RESULTS) as connection:
        yield connection


@pytest.fixture(scope="module")
def newest(policy: Policy, ledger: dict[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The newest night, closing on the sampled days too; every invariant is checked on it."""
    with session(policy, ledger, BUSINESS_DATE) as connection:
        for day in DAYS:
            month = day.replace(day=1)
            row = [day, month, month - timedelta(days=1)]
            connection.execute("INSERT INTO policy.close_day VALUES (?, ?, ?, FALSE, NULL)", row)
        connection.execute(
            "UPDATE policy.close_day AS c SET after_on = COALESCE("
            "(SELECT MAX(b.closed_on) FROM policy.close_day AS b WHERE b.closed_on < c.closed_on), DATE '0001-01-01')"
        )
        duck.run_models(connection, BUSINESS_DATE)
        duck.check_invariants(connection, BUSINESS_DATE)
        yield connection


def items(connection: duckdb.DuckDBPyConnection, table: str, closed_on: date | None = None) -> list[tuple[Any, ...]]:
    only = "" if closed_on is None else f"WHERE closed_on = DATE '{closed_on}'"
    return connection.execute(
        f"SELECT company_id, account_id, document_id, seq, currency, bucket, open_amount FROM {table} {only}"
        " ORDER BY ALL"
    ).fetchall()


def test_the_years_are_told(newest: duckdb.DuckDBPyConnection) -> None:
    """Every month end of two years has money open in several buckets, so that what follows compares something."""
    told = dict(
        newest.execute("SELECT closed_on, COUNT(DISTINCT bucket) FROM part_close GROUP BY closed_on").fetchall()
    )
    assert set(told) == set(MONTH_ENDS) | set(DAYS)
    assert len(MONTH_ENDS) == MONTHS + 1
    assert min(told[day] for day in MONTH_ENDS[:12]) >= 5 and min(told.values()) >= 2


def test_every_month_rolls_forward_into_the_next(newest: duckdb.DuckDBPyConnection) -> None:
    months = fetch(newest, "SELECT * FROM month_balance ORDER BY company_id, currency, month")
    assert len(months) >= MONTHS * 2
    for before, after in pairwise(months):
        if (before["company_id"], before["currency"]) == (after["company_id"], after["currency"]):
            assert before["closing"] == after["opening"]


@pytest.mark.parametrize("closed_on", MONTH_ENDS[1:], ids=str)
def test_a_month_end_by_replay(
    newest: duckdb.DuckDBPyConnection, policy: Policy, ledger: dict[str, Path], closed_on: date
) -> None:
    """On the night itself all invariants hold: buckets, allowance and its movement, reps and segments add up."""
    business_date = closed_on + timedelta(days=1)
    told = (
        'SELECT name, scope, "window", value, unit, numerator, denominator FROM metric'
        f" WHERE dimension = 'company' AND NOT is_total AND closed_on = DATE '{closed_on}' AND name IN {SAME}"
        " ORDER BY ALL"
    )
    with session(policy, ledger, business_date) as replay:
        duck.run_models(replay, business_date)
        duck.check_invariants(replay, business_date)
        assert items(replay, "open_item") == items(newest, "close_item", closed_on) != []
        found, expected = replay.execute(told).fetchall(), newest.execute(told).fetchall()
    assert {row[0] for row in found} == set(SAME)
    assert found == expected


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_day_by_replay(newest: duckdb.DuckDBPyConnection, policy: Policy, ledger: dict[str, Path], day: date) -> None:
    business_date = day + timedelta(days=1)
    wanted = {"open_item"}
    for model in reversed(load_models()):
        if model.name in wanted:
            wanted |= model.inputs
    with session(policy, ledger, business_date) as replay:
        duck.run_models(replay, business_date, [model for model in load_models() if model.name in wanted])
        assert items(replay, "open_item") == items(newest, "close_item", day) != []
