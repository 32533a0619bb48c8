"""Finance's figures of the IBM ledger against pandas, straight from the CSV: nothing of the models is used there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from huikuan.engine import duck
from huikuan.ledger import snapshot
from huikuan.ledger.source import open_source
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import fetch

IBM = Path(__file__).resolve().parents[3] / "shared" / "data" / "ibm_late_payments"
CSV = IBM / "WA_Fn-UseC_-Accounts-Receivable.csv"
BUSINESS_DATE = date(2013, 7, 1)
MONTH_ENDS = [end.date() for end in pd.date_range("2012-06-30", "2013-06-30", freq="ME")]
BUCKETS = {"d1_30": (1, 30), "d31_60": (31, 60), "d61_90": (61, 90), "d91_180": (91, 180), "d181_365": (181, 365)}
WINDOWS = {"m1": 1, "m3": 3, "m12": 12}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("ibm")
    taken = snapshot.take(open_source(str(IBM), "ibm_late_payments"), folder, BUSINESS_DATE)
    inputs = duck.Inputs(
        business_date=BUSINESS_DATE,
        policy=load_policy(DEFAULT_POLICY),
        ledger={table: taken.path(table) for table in taken.tables},
    )
    with duck.session(inputs, RESULTS) as connection:
        duck.run_models(connection, BUSINESS_DATE)
        duck.check_invariants(connection, BUSINESS_DATE)
        yield connection


@pytest.fixture(scope="module")
def invoices() -> pd.DataFrame:
    """Amounts in cents, so that sums are exact."""
    rows = pd.read_csv(CSV, dtype=str)
    cents = rows["InvoiceAmount"].map(lambda amount: int(Decimal(amount) * 100))
    days = {
        name: pd.to_datetime(rows[column], format="%m/%d/%Y").dt.date
        for name, column in (("issued", "InvoiceDate"), ("due", "DueDate"), ("settled", "SettledDate"))
    }
    return pd.DataFrame({"cents": cents, **days})


def cents(rows: pd.DataFrame) -> int:
    return int(rows.cents.sum())


def balance(invoices: pd.DataFrame, day: date) -> int:
    return cents(invoices[invoices.issued <= day]) - cents(invoices[invoices.settled <= day])


def still_open(invoices: pd.DataFrame, day: date) -> pd.DataFrame:
    rows = invoices[(invoices.issued <= day) & (invoices.settled > day)].copy()
    rows["late"] = rows.due.map(lambda due: (day - due).days)
    return rows


def opening_of(closed_on: date, months: int) -> date:
    return (pd.Timestamp(closed_on) - pd.offsets.MonthEnd(months)).date()


def metrics(night: duckdb.DuckDBPyConnection, name: str) -> dict[tuple[date, str], dict[str, Any]]:
    rows = fetch(
        night,
        f"SELECT * FROM metric WHERE name = '{name}' AND dimension = 'company' AND NOT is_total AND currency = 'USD'",
    )
    return {(row["closed_on"], row["window"]): row for row in rows}


@pytest.mark.parametrize("closed_on", MONTH_ENDS, ids=str)
def test_open_amount_and_buckets(night: duckdb.DuckDBPyConnection, invoices: pd.DataFrame, closed_on: date) -> None:
    (found,) = fetch(night, f"SELECT * FROM month_balance WHERE closed_on = DATE '{closed_on}'")
    rows = still_open(invoices, closed_on)
    # Paid before the day of the invoice is free credit until then.
    prepaid = cents(invoices[(invoices.settled <= closed_on) & (invoices.issued > closed_on)])
    assert found["open_amount"] * 100 == cents(rows) > 0
    assert found["free_credit"] * 100 == prepaid
    assert found["not_due"] * 100 == cents(rows[rows.late <= 0])
    for bucket, (first, last) in BUCKETS.items():
        assert found[bucket] * 100 == cents(rows[(rows.late >= first) & (rows.late <= last)]), bucket
    assert found["d366_plus"] * 100 == cents(rows[rows.late > 365])


@pytest.mark.parametrize("closed_on", MONTH_ENDS, ids=str)
def test_the_month_rolls_forward(night: duckdb.DuckDBPyConnection, invoices: pd.DataFrame, closed_on: date) -> None:
    (found,) = fetch(night, f"SELECT * FROM month_balance WHERE closed_on = DATE '{closed_on}'")
    opening_on = opening_of(closed_on, 1)
    sold = cents(invoices[(invoices.issued > opening_on) & (invoices.issued <= closed_on)])
    paid = cents(invoices[(invoices.settled > opening_on) & (invoices.settled <= closed_on)])
    assert found["opening"] * 100 == balance(invoices, opening_on)
    assert (found["sales"] * 100, found["receipts"] * 100) == (sold, paid)
    assert found["closing"] * 100 == balance(invoices, closed_on)
    assert (found["taken_over"], found["credit_notes"], found["write_offs"]) == (0, 0, 0)
    assert found["opening"] + found["sales"] - found["receipts"] - found["credit_notes"] == found["closing"]


@pytest.mark.parametrize("window", WINDOWS)
def test_dso_and_collection_effectiveness(
    night: duckdb.DuckDBPyConnection, invoices: pd.DataFrame, window: str
) -> None:
    months = WINDOWS[window]
    told = {name: metrics(night, name) for name in ("dso_simple", "bpdso", "cei", "cei_monthly")}
    for closed_on in MONTH_ENDS:
        opening_on = opening_of(closed_on, months)
        opening, closing = balance(invoices, opening_on), balance(invoices, closed_on)
        sales = cents(invoices[(invoices.issued > opening_on) & (invoices.issued <= closed_on)])
        rows = still_open(invoices, closed_on)
        not_due = cents(rows[rows.late <= 0])
        days = (closed_on - opening_on).days
        monthly = sales / months
        expected = {
            "dso_simple": closing / sales * days,
            "bpdso": not_due / sales * days,
            "cei": (opening + sales - closing) / (opening + sales - not_due) * 100,
        }
        if opening + monthly > not_due:
            expected["cei_monthly"] = (opening + monthly - closing) / (opening + monthly - not_due) * 100
        else:
            assert told["cei_monthly"][closed_on, window]["note"] == "nothing_to_collect"
        for name, value in expected.items():
            found = told[name][closed_on, window]
            assert float(found["value"]) == pytest.approx(value, rel=1e-9), (name, closed_on)
            is_short = (
                opening_on < invoices.issued.min().replace(day=1)
                and (invoices.issued.min().replace(day=1) - opening_on).days > 1
            )
            assert found["note"] == ("beyond_history" if is_short else None)


def test_days_late_are_those_of_the_file(night: duckdb.DuckDBPyConnection, invoices: pd.DataFrame) -> None:
    """The file's own DaysLate and DaysToSettle, weighted by amount over what was settled in the twelve months."""
    closed_on = MONTH_ENDS[-1]
    rows = pd.read_csv(CSV)
    paid = (invoices.settled > opening_of(closed_on, 12)) & (invoices.settled <= closed_on)
    weights = invoices.cents[paid]
    for name, column in (("days_late", "DaysLate"), ("days_to_pay", "DaysToSettle")):
        expected = (rows[column][paid] * weights).sum() / weights.sum()
        assert float(metrics(night, name)[closed_on, "m12"]["value"]) == pytest.approx(expected, rel=1e-9), name
