"""Proposed targets: what of each account's debt is expected within the month after the close of books."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from huikuan.finance.proposals import by_rep, month_of, targets_of, write
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from tests.models.ledgers import Rows, classified

POLICY = load_policy(DEFAULT_POLICY)
FIRST = date(2026, 7, 1)
"""The night that closes June: its proposals are for July."""


def targets(ledger: Rows, business_date: date, folder: Path) -> dict[tuple[str, str, str], Decimal]:
    with classified(ledger, business_date, POLICY, folder) as connection:
        rows = targets_of(connection, business_date)
    assert {row.month for row in rows} <= {month_of(business_date)}
    assert not any(row.is_agreed for row in rows)
    return {(row.rep_id, row.account_id, row.currency): row.amount for row in rows}


def bill(name: str, due_on: date, amount: int, **more: Any) -> dict[str, Any]:
    return {"document_id": name, "due_on": due_on, "issued_on": due_on - timedelta(days=40), "amount": amount, **more}


def test_without_history_an_item_counts_in_the_month_in_which_it_is_due(tmp_path: Path) -> None:
    """100 is overdue, 20 due on the last day of July; what is due on 1 August is August's."""
    document = [
        bill("late", date(2026, 6, 1), 100),
        bill("last", date(2026, 7, 31), 20),
        bill("after", date(2026, 8, 1), 3),
        bill("dollars", date(2026, 7, 1), 50, currency="USD"),
    ]
    found = targets({"document": document, "fx_rate": [_dollar()]}, FIRST, tmp_path)
    assert found == {("R1", "A1", "CNY"): 120, ("R1", "A1", "USD"): 50}


def test_in_the_middle_of_a_month_the_next_one_is_proposed(tmp_path: Path) -> None:
    """On 20 July, what is overdue is expected on the same day: in July, not in August."""
    document = [bill("late", date(2026, 6, 1), 100), bill("soon", date(2026, 8, 1), 30)]
    assert month_of(date(2026, 7, 20)) == date(2026, 8, 1)
    assert targets({"document": document}, date(2026, 7, 20), tmp_path) == {("R1", "A1", "CNY"): 30}


def test_a_promise_counts_on_its_day_and_as_much_as_the_record_says(tmp_path: Path) -> None:
    """No promise was judged yet: 70 of 100 are believed. Of 600 for July: 420; of 200 for August: 140, not July's.

    The rest, 1000 − 560 = 440, is overdue and expected whole. Together 860.
    """
    made = {"made_on": date(2026, 6, 20), "document_id": None}
    ledger = {
        "document": [bill("D", date(2026, 6, 1), 1000)],
        "promise": [
            {"promise_id": "P1", "amount": 600, "promised_for": date(2026, 7, 31), **made},
            {"promise_id": "P2", "amount": 200, "promised_for": date(2026, 8, 1), **made},
        ],
    }
    assert targets(ledger, FIRST, tmp_path) == {("R1", "A1", "CNY"): 860}


def test_amounts_are_in_whole_minor_units(tmp_path: Path) -> None:
    """Of 999 yen 70 % are believed, 699.3; the rest of the debt, 301.7, is due in July: 1,001 in whole yen or parts."""
    made = {"made_on": date(2026, 6, 20), "document_id": None, "currency": "JPY"}
    ledger = {
        "document": [bill("D", date(2026, 8, 1), 1001, currency="JPY")],
        "promise": [{"promise_id": "P1", "amount": 999, "promised_for": date(2026, 7, 31), **made}],
        "fx_rate": [{**_dollar(), "from_currency": "JPY"}],
    }
    assert targets(ledger, FIRST, tmp_path) == {("R1", "A1", "JPY"): 699}


def habit(now: date, amount: int) -> Rows:
    """A customer who pays half of each bill 20 days late and the rest 48 days late; the bill of ``now`` is open."""
    dues = [date(2025, month, 15) for month in range(6, 13)] + [date(2026, month, 15) for month in range(1, 5)]
    paid = [(f"{n}-{late}", f"D{n}", due + timedelta(days=late)) for n, due in enumerate(dues) for late in (20, 48)]
    return {
        "document": [bill(f"D{n}", due, 1000) for n, due in enumerate(dues)] + [bill("now", now, amount)],
        "receipt": [{"receipt_id": key, "received_on": day, "amount": 500} for key, _, day in paid],
        "allocation": [{"source_id": key, "document_id": document, "amount": 500} for key, document, _ in paid],
    }


def test_habits_are_learnt_and_fall_into_their_month(tmp_path: Path) -> None:
    """Half comes in the first week after the close, half in the fifth: days 1 to 7 and 29 to 35.

    On 6 July (close 5 July) those are 6 to 12 July and 3 to 9 August. August's target is the second half, 450 of 900.
    """
    assert targets(habit(date(2026, 6, 19), 900), date(2026, 7, 6), tmp_path) == {("R1", "A1", "CNY"): 450}


def test_a_week_that_the_month_cuts_counts_by_its_days(tmp_path: Path) -> None:
    """On 1 July (close 30 June) they are 1 to 7 July and 29 July to 4 August: 450 + 450 × 3 ÷ 7 = 642.857…"""
    assert targets(habit(date(2026, 6, 14), 900), FIRST, tmp_path) == {("R1", "A1", "CNY"): Decimal("642.86")}


def test_files_replace_those_before_and_lie_in_their_folder(tmp_path: Path) -> None:
    document = [bill("late", date(2026, 6, 1), 100)]
    with classified({"document": document}, FIRST, POLICY, tmp_path / "ledger") as connection:
        [row] = targets_of(connection, FIRST)
    assert by_rep([row, row]) == {("C1", "R1", "CNY"): [Decimal(100), Decimal(100)]}
    outside = [type(row)(**{**vars(row), "company_id": "../C1"})]
    first = write(tmp_path, row.month, outside)
    folder = tmp_path / "proposals" / "targets" / "2026-07"
    assert [path.parent for path in first] == [folder, folder]
    [text, table] = write(tmp_path, row.month, [row])
    assert {path.name for path in folder.iterdir()} == {"C1.csv", "C1.parquet"}
    assert text.read_text(encoding="utf-8").splitlines() == [
        "company_id,month,account_id,currency,amount,is_agreed",
        "C1,2026-07-01,A1,CNY,100.0000,false",
    ]
    before = table.read_bytes(), text.read_bytes()
    write(tmp_path, row.month, [row])
    assert (table.read_bytes(), text.read_bytes()) == before


def _dollar() -> dict[str, Any]:
    return {"on_date": date(2026, 1, 1), "from_currency": "USD", "rate": 7}
