"""Figures where ledgers are awkward: money that is applied late or to the wrong part, fractions, currencies that come
and go, companies that have just begun. Every invariant is checked along the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from huikuan.engine import duck
from huikuan.policy import Policy, load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import classified, fetch

POLICY = load_policy(DEFAULT_POLICY)
DAY = date(2026, 7, 1)
SHARES = "SELECT band, SUM(share) AS share FROM payment_curve GROUP BY band HAVING SUM(share) > 0"
MOVEMENT = "SELECT * FROM provision_movement ORDER BY is_total, currency"

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def asked(
    ledger: Rows, query: str, folder: Path, day: date = DAY, policy: Policy = POLICY, **options: Any
) -> list[dict[str, Any]]:
    """Rows of one night; its results stay in ``folder/tables`` for the next one."""
    with classified(ledger, day, policy, folder / "ledger", **options) as connection:
        rows = fetch(connection, query)
        duck.write_results(connection, folder / "tables", RESULTS, business_date=day, run_id="r")
    return rows


def bill(name: str, issued_on: date, due_on: date, amount: object, **more: Any) -> dict[str, Any]:
    return {"document_id": name, "issued_on": issued_on, "due_on": due_on, "amount": amount, **more}


def paid(name: str, received_on: date, amount: object, **more: Any) -> dict[str, Any]:
    return {"receipt_id": name, "received_on": received_on, "amount": amount, **more}


def monthly(first: date, months: int, until: date, **more: Any) -> dict[str, list[dict[str, Any]]]:
    """1,000 invoiced every month and paid twenty days later, if that is by ``until``."""
    days = [first + relativedelta(months=n) for n in range(months)]
    ends = [day + timedelta(days=20) for day in days]
    settled = [(n, day) for n, day in enumerate(ends) if day <= until]
    return {
        "document": [
            bill(f"D{n}", day, end, 1000, **more) for n, (day, end) in enumerate(zip(days, ends, strict=True))
        ],
        "receipt": [paid(f"R{n}", day, 1000, **more) for n, day in settled],
        "allocation": [{"source_id": f"R{n}", "document_id": f"D{n}", "amount": 1000} for n, _ in settled],
    }


# --- the payment curve ------------------------------------------------------------------------------------------------

QUEUE: Rows = {
    "document": [
        bill("X", date(2025, 11, 1), date(2026, 1, 31), 1000),
        bill("Y", date(2026, 1, 2), date(2026, 1, 5), 999),
        bill("Z", date(2026, 6, 2), date(2026, 8, 5), 1000),
    ],
    "receipt": [paid("R1", date(2025, 11, 15), 999), paid("R2", date(2026, 1, 20), 1000)],
}
MIXED: Rows = {
    "document": [bill("D", date(2025, 11, 1), date(2026, 3, 31), 2000)],
    "instalment": [
        {"document_id": "D", "seq": 1, "due_on": date(2026, 2, 28), "amount": 1000},
        {"document_id": "D", "seq": 2, "due_on": date(2026, 3, 31), "amount": 1000},
    ],
    "receipt": [paid("R1", date(2025, 11, 15), 999), paid("R2", date(2026, 3, 5), 1000)],
    "allocation": [
        {"source_id": "R1", "document_id": "D", "amount": 999},
        {"source_id": "R2", "document_id": "D", "seq": 1, "amount": 1000},
    ],
}


@pytest.mark.parametrize(("ledger", "without"), [(QUEUE, ("allocation",)), (MIXED, ())], ids=["queue", "mixed"])
def test_no_more_than_all_of_it_is_ever_paid(ledger: Rows, without: Sequence[str], tmp_path: Path) -> None:
    """What stood open by the books of a month end was one, and by what is known today a thousand were paid of it."""
    rows = asked(ledger, SHARES, tmp_path, without=without)
    assert rows
    assert all(row["share"] <= 1 for row in rows)


def test_money_that_is_not_applied_was_paid_all_the_same(tmp_path: Path) -> None:
    """One customer paid 100,000 on the day, and nobody ever applied it: another's 1,000 is expected as before."""
    ledger = {
        "account": [{"account_id": "A1"}, {"account_id": "A2"}],
        "document": [
            bill("U", date(2025, 6, 10), date(2025, 7, 10), 100000),
            *(bill(f"D{m}", date(2025, m + 5, 15), date(2025, m + 6, 15), 1000, account_id="A2") for m in (1, 2, 3)),
            bill("N", date(2025, 11, 1), date(2025, 12, 1), 1000, account_id="A2"),
        ],
        "receipt": [
            paid("RU", date(2025, 7, 10), 100000),
            *(paid(f"R{m}", date(2026, m, 20), 1000, account_id="A2") for m in (1, 2, 3)),
        ],
        "allocation": [{"source_id": f"R{m}", "document_id": f"D{m}", "amount": 1000} for m in (1, 2, 3)],
    }
    applied = [*ledger["allocation"], {"source_id": "RU", "document_id": "U", "amount": 100000}]
    monday = date(2026, 7, 6)
    query = "SELECT SUM(expected) AS expected FROM cash_forecast WHERE component = 'behaviour'"
    [free] = asked(ledger, query, tmp_path / "free", monday)
    [done] = asked({**ledger, "allocation": applied}, query, tmp_path / "applied", monday)
    assert free == done
    assert free["expected"] > 900


def test_money_that_was_applied_late_came_when_it_came(tmp_path: Path) -> None:
    """Received on the 29th, applied on the 3rd: at the month end between it is no longer waited for."""
    months = [date(2025, 9, 1) + relativedelta(months=n) for n in range(7)]
    late = {
        "document": [
            *(bill(f"D{n}", day, day.replace(day=25), 1000) for n, day in enumerate(months)),
            bill("N", date(2026, 6, 1), date(2026, 7, 4), 1000),
        ],
        "receipt": [paid(f"R{n}", day.replace(day=27), 1000) for n, day in enumerate(months)],
        "allocation": [
            {
                "source_id": f"R{n}",
                "document_id": f"D{n}",
                "amount": 1000,
                "allocated_on": day + relativedelta(months=1, day=3),
            }
            for n, day in enumerate(months)
        ],
    }
    at_once = [{key: value for key, value in row.items() if key != "allocated_on"} for row in late["allocation"]]
    query = "SELECT * FROM payment_curve ORDER BY ALL"
    assert asked(late, query, tmp_path / "late") == asked({**late, "allocation": at_once}, query, tmp_path / "soon")


def test_what_is_more_than_the_instalment_that_it_names_settles_the_next(tmp_path: Path) -> None:
    """Six invoices of two parts, each paid whole by a receipt that names the first part only."""
    days = [date(2025, 9, 1) + relativedelta(months=n) for n in range(6)]
    parts = [
        {"document_id": f"D{n}", "seq": seq, "due_on": day + timedelta(days=30 * seq), "amount": 30000}
        for n, day in enumerate(days)
        for seq in (1, 2)
    ]
    ledger = {
        "document": [bill(f"D{n}", day, day + timedelta(days=60), 60000) for n, day in enumerate(days)],
        "instalment": parts,
        "receipt": [paid(f"R{n}", day + timedelta(days=40), 60000) for n, day in enumerate(days)],
        "allocation": [
            {"source_id": f"R{n}", "document_id": f"D{n}", "seq": 1, "amount": 60000} for n in range(len(days))
        ],
    }
    unnamed = [{key: value for key, value in row.items() if key != "seq"} for row in ledger["allocation"]]
    query = "SELECT document_id, seq, amount, item_amount, settled_on FROM settled_line ORDER BY ALL"
    rows = asked(ledger, query, tmp_path / "named")
    assert [(row["seq"], row["amount"]) for row in rows] == [(1, 30000), (2, 30000)] * len(days)
    assert rows == asked({**ledger, "allocation": unnamed}, query, tmp_path / "unnamed")


# --- new sales and currencies of the forecast -----------------------------------------------------------------------


def test_a_young_companys_new_sales_are_those_of_its_months(tmp_path: Path) -> None:
    """A thousand a month since March: three thousand in the thirteen weeks from 1 July, and not seven."""
    ledger = monthly(date(2026, 3, 10), 4, date(2026, 6, 30))
    [row] = asked(ledger, "SELECT SUM(expected) AS expected FROM new_sales_expected", tmp_path)
    assert 2000 <= row["expected"] <= 3000


def test_a_currency_in_which_nothing_is_open_today_is_forecast_too(tmp_path: Path) -> None:
    dollars = monthly(date(2025, 4, 3), 15, date(2026, 6, 30), currency="USD")
    ledger = {
        **dollars,
        "document": [*dollars["document"], bill("C", date(2026, 6, 1), date(2026, 9, 1), 100)],
        "fx_rate": [{"from_currency": "USD", "on_date": date(2025, 1, 1), "rate": 7}],
    }
    query = "SELECT SUM(expected) AS expected FROM cash_forecast WHERE currency = 'USD' AND component = 'total'"
    [row] = asked(ledger, query, tmp_path)
    assert row["expected"] >= 2000


# --- the loss allowance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "amount"), [("CNY", "100.0050"), ("JPY", "100.60")])
def test_no_allowance_is_more_than_what_is_owed(currency: str, amount: str, tmp_path: Path) -> None:
    """A fraction below the currency's smallest coin, at a rate of 100 percent."""
    ledger = {
        "document": [
            bill("D0", date(2026, 1, 1), date(2026, 2, 1), 50, currency=currency),
            bill("D1", date(2025, 1, 1), date(2025, 1, 31), amount, currency=currency),
        ],
        "receipt": [paid("R", date(2026, 2, 1), 50, currency=currency)],
        "allocation": [{"source_id": "R", "document_id": "D0", "amount": 50}],
        "fx_rate": [{"from_currency": "JPY", "on_date": date(2026, 1, 1), "rate": "0.05"}],
    }
    [row] = asked(ledger, "SELECT exposure, applied_rate, amount FROM provision WHERE exposure > 0", tmp_path)
    assert (row["exposure"], row["applied_rate"], row["amount"]) == (Decimal(amount), 1, Decimal(amount))


def test_cents_of_rounding_never_make_a_release_negative(tmp_path: Path) -> None:
    """A small release in one currency beside a charge in another, both rounded in the company's own."""
    company = [{"functional_currency": "JPY"}]
    rates = [
        {"from_currency": "EUR", "to_currency": "JPY", "on_date": date(2026, 1, 1), "rate": 160},
        {"from_currency": "USD", "to_currency": "JPY", "on_date": date(2026, 1, 1), "rate": "150.5"},
    ]
    insolvent = [{"account_id": f"I{n}", "status": "insolvent"} for n in range(8)]
    euros = [
        bill(name, date(2026, 6, 1), date(2026, 9, 30), amount, currency="EUR")
        for name, amount in (("E1", 2), ("E2", 998))
    ]
    dollars = [
        bill(f"U{n}", date(2026, 7, 10), date(2026, 9, 30), 10, currency="USD", account_id=f"I{n}") for n in range(8)
    ]
    before = {"company": company, "account": [{"account_id": "A1"}, *insolvent], "fx_rate": rates, "document": euros}
    asked(before, MOVEMENT, tmp_path / "july")
    after = {
        **before,
        "document": [*euros, *dollars],
        "receipt": [paid("R", date(2026, 7, 5), 2, currency="EUR")],
        "allocation": [{"source_id": "R", "document_id": "E1", "amount": 2}],
    }
    rows = asked(after, MOVEMENT, tmp_path / "august", date(2026, 8, 1), opening=tmp_path / "july" / "tables")
    [total] = [row for row in rows if row["is_total"]]
    assert min(total["charge"], total["release"]) >= 0
    moved = total["charge"] - total["release"] - total["write_off"] + total["recovery"] + total["fx"]
    assert total["closing"] == total["opening"] + moved


def test_who_never_paid_has_no_less_than_who_paid_a_little(tmp_path: Path) -> None:
    """Taken out of the matrix for a year's silence at 80 percent, where the matrix has 100 for a debt so old."""
    ledger = {
        "account": [{"account_id": "A1"}, {"account_id": "A2"}],
        "document": [
            bill("X1", date(2025, 1, 1), date(2025, 1, 31), 100000),
            bill("Y1", date(2026, 6, 1), date(2026, 7, 31), 50000),
            bill("X2", date(2025, 1, 1), date(2025, 1, 31), 100000, account_id="A2"),
            bill("X3", date(2026, 1, 1), date(2026, 1, 31), 6000, account_id="A2"),
        ],
        "receipt": [paid("R", date(2026, 2, 1), 6000, account_id="A2")],
        "allocation": [{"source_id": "R", "document_id": "X3", "amount": 6000}],
    }
    query = "SELECT account_id, bucket, amount, applied_rate FROM provision ORDER BY account_id DESC"
    content = POLICY.model_dump(by_alias=True)
    for portfolio in content["finance"]["provision"]["portfolios"]:
        portfolio |= {"forward_factor": 1, "rates_pct": portfolio["fallback_rates_pct"]}
    silent, matrix = asked(ledger, query, tmp_path, policy=Policy.model_validate(content))
    assert (silent["account_id"], silent["bucket"]) == ("A1", "specific")
    assert (matrix["bucket"], matrix["amount"]) == ("d366_plus", 100000)
    assert silent["amount"] == 100000 + 40000, "the matrix's rate for the old debt, the rule's for what is not due"
    assert round(silent["applied_rate"], 6) == round(Decimal(140000) / 150000, 6)


BOOKS = [bill("C", date(2026, 6, 1), date(2026, 9, 1), 1000)]


def test_a_back_dated_write_off_in_a_currency_that_the_close_did_not_have(tmp_path: Path) -> None:
    """A USD invoice of July and its write-off of July are both booked in August: used in August, and charged there."""
    asked({"document": BOOKS}, MOVEMENT, tmp_path / "july", date(2026, 8, 1))
    late = {
        "document": [*BOOKS, bill("U", date(2026, 7, 1), date(2026, 7, 20), 800, currency="USD")],
        "allocation": [
            {
                "source_kind": "write_off",
                "source_id": "W",
                "document_id": "U",
                "amount": 800,
                "allocated_on": date(2026, 7, 30),
            }
        ],
        "fx_rate": [{"from_currency": "USD", "on_date": date(2026, 1, 1), "rate": 7}],
    }
    opening = tmp_path / "july" / "tables"
    rows = asked(late, MOVEMENT, tmp_path / "august", date(2026, 9, 1), opening=opening)
    [dollars] = [row for row in rows if row["currency"] == "USD"]
    assert [dollars[name] for name in ("opening", "charge", "write_off", "closing")] == [0, 800, 800, 0]
    again = asked(late, MOVEMENT, tmp_path / "september", date(2026, 10, 1), opening=tmp_path / "august" / "tables")
    [dollars] = [row for row in again if row["currency"] == "USD"]
    assert [dollars[name] for name in ("charge", "write_off", "closing")] == [0, 0, 0], "it is used once"


def test_a_currency_without_a_rate_counts_no_more_once_nothing_is_left_in_it(tmp_path: Path) -> None:
    owed = {"document": [*BOOKS, bill("U", date(2026, 6, 1), date(2026, 9, 1), 100, currency="USD")]}
    settled = {
        **owed,
        "receipt": [paid("R", date(2026, 7, 5), 100, currency="USD")],
        "allocation": [{"source_id": "R", "document_id": "U", "amount": 100}],
    }
    assert not any(row["is_total"] for row in asked(owed, MOVEMENT, tmp_path / "june"))
    asked(settled, MOVEMENT, tmp_path / "july", date(2026, 8, 1), opening=tmp_path / "june" / "tables")
    rows = asked(settled, MOVEMENT, tmp_path / "august", date(2026, 9, 1), opening=tmp_path / "july" / "tables")
    assert [row["currency"] for row in rows if row["is_total"]] == ["CNY"]


def test_a_candidate_is_as_old_as_what_is_still_owed(tmp_path: Path) -> None:
    """Four years old is only what money on account covers already."""
    ledger = {
        "account": [{"account_id": "A1", "status": "insolvent"}],
        "document": [
            bill("D1", date(2022, 1, 1), date(2022, 1, 31), 1000),
            bill("D2", date(2026, 6, 1), date(2026, 6, 20), 500),
        ],
        "receipt": [paid("R", date(2026, 6, 25), 1000)],
    }
    [row] = asked(ledger, "SELECT amount, oldest_due_on FROM write_off_candidate", tmp_path)
    assert (row["amount"], row["oldest_due_on"]) == (500, date(2026, 6, 20))


# --- collection effectiveness ---------------------------------------------------------------------------------------


def test_parts_of_collection_effectiveness_sum_to_the_whole(tmp_path: Path) -> None:
    """To the last digit, where the whole window's sales count; to a rounding where they are divided by its months."""
    accounts = [{"account_id": f"A{n}", "rep_id": f"R{n}"} for n in range(3)]
    bills = [
        bill(
            f"D{n}",
            date(2026, 4 + n % 3, 3),
            date(2026, 5 + n % 3, 3),
            f"{100 + n}.{11 * (n % 9)}",
            account_id=f"A{n % 3}",
        )
        for n in range(20)
    ]
    query = (
        "SELECT name, dimension, numerator, denominator FROM metric"
        " WHERE name IN ('cei', 'cei_monthly') AND is_total AND \"window\" = 'm3' AND closed_on = DATE '2026-06-30'"
    )
    people = [{"rep_id": f"R{n}", "name": f"R{n}", "email": f"r{n}@example.test"} for n in range(3)]
    came = [paid(f"P{n}", date(2026, 6, 10), f"{7 + n}.37", account_id=f"A{n}") for n in range(3)]
    rows = asked({"account": accounts, "rep": people, "document": bills, "receipt": came}, query, tmp_path)
    for name, room in (("cei", 0), ("cei_monthly", Decimal("0.00000001"))):
        for side in ("numerator", "denominator"):
            sums = {
                dimension: sum(row[side] for row in rows if (row["name"], row["dimension"]) == (name, dimension))
                for dimension in ("company", "rep")
            }
            assert sums["company"]
            assert abs(sums["rep"] - sums["company"]) <= room, (name, side)
