"""The cash forecast: what it expects, that it is never changed once made, and that what came in is set against it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from huikuan.engine import duck
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import Rows, classified, fetch

POLICY = load_policy(DEFAULT_POLICY)
MONDAY = date(2026, 7, 6)


def forecast(
    ledger: Rows, business_date: date, folder: Path, previous: Path | None = None
) -> dict[tuple[date, int, str], dict[str, Any]]:
    """Rows by forecast, weeks from the first Monday, and component; the results are left for the next night."""
    folder.mkdir(parents=True)
    with classified(ledger, business_date, POLICY, folder / "ledger", previous=previous) as connection:
        rows = fetch(connection, "SELECT * FROM cash_forecast")
        duck.write_results(connection, folder / "tables", RESULTS, business_date=business_date, run_id="r")
    return {(row["made_on"], (row["week_from"] - MONDAY).days // 7, row["component"]): row for row in rows}


def bill(name: str, due_on: date, amount: int, **more: Any) -> dict[str, Any]:
    return {"document_id": name, "due_on": due_on, "issued_on": due_on - timedelta(days=30), "amount": amount, **more}


def test_without_history_an_item_is_expected_when_it_is_due(tmp_path: Path) -> None:
    ledger = {
        "document": [bill("late", date(2026, 6, 1), 100), bill("soon", MONDAY + timedelta(days=16), 200)],
    }
    rows = forecast(ledger, MONDAY, tmp_path / "a")
    expected = {week: rows[MONDAY, week, "behaviour"]["expected"] for week in range(13)}
    assert {week: amount for week, amount in expected.items() if amount} == {0: 100, 2: 200}
    assert all(rows[MONDAY, week, "total"]["expected"] == expected[week] for week in range(13))


def test_a_promise_is_worth_what_the_customers_record_says(tmp_path: Path) -> None:
    """Nobody's promise was judged yet: 70 percent by the policy; the rest stays with the usual way of paying."""
    ledger = {
        "document": [bill("D", date(2026, 6, 1), 1000)],
        "promise": [
            {"promise_id": "P", "amount": 1000, "made_on": date(2026, 7, 2), "promised_for": MONDAY + timedelta(days=8)}
        ],
    }
    rows = forecast(ledger, MONDAY, tmp_path / "a")
    assert rows[MONDAY, 1, "promise"]["expected"] == 700
    assert rows[MONDAY, 0, "behaviour"]["expected"] == 300
    assert sum(rows[MONDAY, week, "total"]["expected"] for week in range(13)) == 1000


def test_who_keeps_promises_is_believed_and_who_breaks_them_is_not(tmp_path: Path) -> None:
    """Five promises of 20,000 each; a prior of 50,000 at the company's own share, a half, pulls both to the middle."""
    ledger: dict[str, list[dict[str, Any]]] = {
        "account": [{"account_id": "keeper"}, {"account_id": "breaker"}],
        **{name: [] for name in ("document", "promise", "receipt", "allocation")},
    }
    for account in ("keeper", "breaker"):
        for n in range(5):
            day, name = date(2026, 1, 10) + timedelta(days=25 * n), f"{account}-{n}"
            ledger["document"].append(bill(name, day - timedelta(days=10), 20000, account_id=account))
            said = {"account_id": account, "document_id": name, "made_on": day - timedelta(days=5), "promised_for": day}
            ledger["promise"].append({"promise_id": name, "amount": 20000, **said})
            if account == "keeper":
                ledger["receipt"].append(
                    {"receipt_id": name, "account_id": account, "received_on": day, "amount": 20000}
                )
                ledger["allocation"].append({"source_id": name, "document_id": name, "amount": 20000})
        ledger["document"].append(bill(account, date(2026, 6, 1), 10000, account_id=account))
        said = {"document_id": account, "made_on": date(2026, 7, 1), "promised_for": MONDAY + timedelta(days=8)}
        ledger["promise"].append({"promise_id": account, "account_id": account, "amount": 10000, **said})
    query = "SELECT account_id, SUM(expected) AS expected FROM promise_expected GROUP BY account_id"
    with classified(ledger, MONDAY, POLICY, tmp_path) as connection:
        rows = {row["account_id"]: round(row["expected"], 2) for row in fetch(connection, query)}
    believed = POLICY.finance.forecast.prior_promises
    assert believed == 50000
    half = Decimal(25000)
    assert rows == {
        "keeper": round(10000 * (100000 + half) / 150000, 2),
        "breaker": round(10000 * half / 150000, 2),
    }


def test_parts_of_one_agreement_are_a_plan(tmp_path: Path) -> None:
    made = {"made_on": date(2026, 7, 2), "amount": 500}
    ledger = {
        "document": [bill("D", date(2026, 6, 1), 1000)],
        "promise": [
            {"promise_id": "P1", "promised_for": MONDAY + timedelta(days=1), **made},
            {"promise_id": "P2", "promised_for": MONDAY + timedelta(days=30), **made},
        ],
    }
    rows = forecast(ledger, MONDAY, tmp_path / "a")
    assert [rows[MONDAY, week, "plan"]["expected"] for week in (0, 4)] == [350, 350]
    assert not any(rows[MONDAY, week, "promise"]["expected"] for week in range(13))


def test_a_forecast_is_kept_and_what_came_in_is_set_against_it(tmp_path: Path) -> None:
    document = [bill("D1", date(2026, 6, 1), 100), bill("D2", MONDAY + timedelta(days=9), 200)]
    first = forecast({"document": document}, MONDAY, tmp_path / "a")
    paid = {
        "document": document,
        "receipt": [
            {"receipt_id": "R1", "received_on": MONDAY + timedelta(days=1), "amount": 60},
            {"receipt_id": "R2", "received_on": MONDAY + timedelta(days=6), "amount": 40},
        ],
        "allocation": [
            {"source_id": "R1", "document_id": "D1", "amount": 60},
            {"source_id": "R2", "document_id": "D1", "amount": 40},
        ],
    }
    thursday = MONDAY + timedelta(days=3)
    second = forecast(paid, thursday, tmp_path / "b", tmp_path / "a" / "tables")
    assert {key[0] for key in second} == {MONDAY}, "the week has its forecast"
    for key, row in first.items():
        assert second[key]["expected"] == row["expected"]
    now = second[MONDAY, 0, "total"]
    assert (now["actual"], now["is_final"]) == (60, False)
    assert second[MONDAY, 1, "total"]["actual"] is None

    following = MONDAY + timedelta(days=7)
    third = forecast(paid, following, tmp_path / "c", tmp_path / "b" / "tables")
    assert {key[0] for key in third} == {MONDAY, following}
    over = third[MONDAY, 0, "total"]
    assert (over["expected"], over["actual"], over["is_final"]) == (100, 100, True)
    assert {key[2] for key in third if key[0] == MONDAY} == {"total"}, "of an earlier forecast the totals are kept"
    assert sum(third[following, week, "behaviour"]["expected"] for week in range(1, 14)) == 200


def test_what_came_in_before_a_forecast_was_made_is_not_set_against_it(tmp_path: Path) -> None:
    """Made on a Wednesday: of the 60 of Tuesday it knew; the 30 of the same day and the 10 of Sunday were to come."""
    wednesday, following = MONDAY + timedelta(days=2), MONDAY + timedelta(days=7)
    paid = [
        {"receipt_id": f"R{day}", "received_on": MONDAY + timedelta(days=day), "amount": amount}
        for day, amount in ((1, 60), (2, 30), (6, 10), (7, 5))
    ]
    ledger = {
        "document": [bill("D", date(2026, 6, 1), 200)],
        "receipt": paid,
        "allocation": [{"source_id": row["receipt_id"], "document_id": "D", "amount": row["amount"]} for row in paid],
    }
    forecast(ledger, wednesday, tmp_path / "a")
    rows = forecast(ledger, following, tmp_path / "b", tmp_path / "a" / "tables")
    over = rows[wednesday, 0, "total"]
    assert (over["actual"], over["is_final"]) == (40, True)
    forecast(ledger, MONDAY, tmp_path / "c")
    rows = forecast(ledger, following, tmp_path / "d", tmp_path / "c" / "tables")
    assert rows[MONDAY, 0, "total"]["actual"] == 100


def test_habits_are_learnt_from_earlier_month_ends(tmp_path: Path) -> None:
    """A customer who pays half of each bill 20 days late and the rest 48 days late is expected to do so again."""
    rows = forecast(habit(date(2026, 6, 19)), MONDAY, tmp_path / "a")
    expected = {week: rows[MONDAY, week, "behaviour"]["expected"] for week in range(13)}
    assert {week: amount for week, amount in expected.items() if amount} == {0: 450, 4: 450}


def test_what_is_learnt_by_weeks_falls_into_calendar_weeks(tmp_path: Path) -> None:
    """Made on Wednesday 8 July: half within 8 to 14 July, five days of this week and two of the next; half within
    5 to 11 August. 450 × 5 ÷ 7 = 321.43 and 450 × 2 ÷ 7 = 128.57.
    """
    wednesday = MONDAY + timedelta(days=2)
    rows = forecast(habit(date(2026, 6, 21)), wednesday, tmp_path / "a")
    expected = {week: rows[wednesday, week, "behaviour"]["expected"] for week in range(13)}
    most, rest = Decimal("321.43"), Decimal("128.57")
    assert {week: amount for week, amount in expected.items() if amount} == {0: most, 1: rest, 4: most, 5: rest}


@pytest.mark.parametrize(("made_on", "week"), [(MONDAY, 1), (MONDAY + timedelta(days=2), 2)], ids=str)
def test_coming_invoices_are_expected_by_calendar_weeks(made_on: date, week: int, tmp_path: Path) -> None:
    """A bill issued on the 5th of every month is paid on its 14th, the 14th day after the month's end: made on Monday
    6 July that is Sunday 19 July, on Wednesday 8 July Tuesday 21 July.
    """
    months = [date(2025, month, 5) for month in range(6, 13)] + [date(2026, month, 5) for month in range(1, 4)]
    ledger = {
        "document": [
            *({"document_id": f"D{n}", "issued_on": day, "due_on": day, "amount": 100} for n, day in enumerate(months)),
            {"document_id": "open", "issued_on": date(2026, 6, 1), "due_on": date(2027, 6, 1), "amount": 1},
        ],
        "receipt": [
            {"receipt_id": f"R{n}", "received_on": day + timedelta(days=9), "amount": 100}
            for n, day in enumerate(months)
        ],
        "allocation": [{"source_id": f"R{n}", "document_id": f"D{n}", "amount": 100} for n in range(len(months))],
    }
    rows = forecast(ledger, made_on, tmp_path / "a")
    expected = [rows[made_on, at, "new_sales"]["expected"] for at in range(4)]
    assert [at for at, amount in enumerate(expected) if amount] == [week]


def habit(due_on: date) -> Rows:
    """Bills of which half was paid 20 days late and the rest 48 days late, and an open one of 900."""
    dues = [date(2025, month, 15) for month in range(6, 13)] + [date(2026, month, 15) for month in range(1, 5)]
    paid = [(f"{n}-{late}", f"D{n}", due + timedelta(days=late)) for n, due in enumerate(dues) for late in (20, 48)]
    return {
        "document": [bill(f"D{n}", due, 1000) for n, due in enumerate(dues)] + [bill("now", due_on, 900)],
        "receipt": [{"receipt_id": key, "received_on": day, "amount": 500} for key, _, day in paid],
        "allocation": [{"source_id": key, "document_id": document, "amount": 500} for key, document, _ in paid],
    }


def errors(folder: Path) -> dict[str, list[Any]]:
    """Published error in percent, missed and received money by how many weeks ahead the forecast looked."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            'SELECT "window", value, numerator, denominator, note FROM read_parquet(?)'
            " WHERE name = 'forecast_error_pct' AND NOT is_total",
            [str(folder / "tables" / "metric.parquet")],
        ).fetchall()
    return {window: rest for window, *rest in rows}


def test_the_error_of_a_forecast_is_published_once_its_week_is_over(tmp_path: Path) -> None:
    """Of 100 expected in the first week 80 came: 20 ÷ 80. Of 200 in the second 150 came: 50 ÷ 150, two weeks ahead.

    The forecast of the second Monday expected the 20 that were left of D1 for its first week: the customer had paid on
    8 July, 37 days late, and D2 would follow on 21 August. It missed 130, so one week ahead it is 150 ÷ 230.
    """
    document = [bill("D1", date(2026, 6, 1), 100), bill("D2", MONDAY + timedelta(days=9), 200)]
    first = forecast({"document": document}, MONDAY, tmp_path / "a")
    assert [first[MONDAY, week, "total"]["expected"] for week in (0, 1)] == [100, 200]
    assert errors(tmp_path / "a")["w1"] == [None, 0, 0, "no_forecast"]

    paid = [{"receipt_id": "R1", "received_on": MONDAY + timedelta(days=2), "amount": 80}]
    given = [{"source_id": "R1", "document_id": "D1", "amount": 80}]
    second_monday, third_monday = MONDAY + timedelta(days=7), MONDAY + timedelta(days=14)
    ledger = {"document": document, "receipt": paid, "allocation": given}
    second = forecast(ledger, second_monday, tmp_path / "b", tmp_path / "a" / "tables")
    assert second[second_monday, 1, "total"]["expected"] == 20
    assert errors(tmp_path / "b")["w1"] == [25, 20, 80, None]
    assert errors(tmp_path / "b")["w2"] == [None, 0, 0, "no_forecast"]

    paid.append({"receipt_id": "R2", "received_on": MONDAY + timedelta(days=10), "amount": 150})
    given.append({"source_id": "R2", "document_id": "D2", "amount": 150})
    forecast(ledger, third_monday, tmp_path / "c", tmp_path / "b" / "tables")
    known = errors(tmp_path / "c")
    assert known["w1"] == [Decimal("65.2174"), 150, 230, None]
    assert known["w2"] == [Decimal("33.3333"), 50, 150, None]
