"""The loss allowance over several nights: what a month opens with, and what explains how it closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from huikuan.engine import duck
from huikuan.policy import Policy, load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import classified, fetch

Ledger = Mapping[str, Sequence[Mapping[str, Any]]]


def rates(percent: int, **provision: Any) -> Policy:
    """Every bucket of every portfolio at the same rate."""
    content = load_policy(DEFAULT_POLICY).model_dump(by_alias=True)
    for portfolio in content["finance"]["provision"]["portfolios"]:
        portfolio |= {"forward_factor": 1, "rates_pct": dict.fromkeys(portfolio["fallback_rates_pct"], percent)}
    content["finance"]["provision"] |= {"specific": [], **provision}
    return Policy.model_validate(content)


def movements(nights: Sequence[tuple[date, Ledger, Policy]], folder: Path) -> list[dict[bool, dict[str, Any]]]:
    """One night after the other, also the same one again; per night the movement in the only currency and in the
    functional one. A month opens with the newest run of the last night of an earlier one, as ``opening_run`` has it.
    """
    found: list[dict[bool, dict[str, Any]]] = []
    closed: dict[date, Path] = {}
    for number, (business_date, ledger, policy) in enumerate(nights):
        made = folder / f"{number}-{business_date}"
        month = (business_date - timedelta(days=1)).replace(day=1)
        earlier = [day for day in closed if day < business_date]
        ends = [day for day in closed if day <= month]
        with classified(
            ledger,
            business_date,
            policy,
            made / "ledger",
            previous=closed[max(earlier)] if earlier else None,
            opening=closed[max(ends)] if ends else None,
        ) as connection:
            rows = fetch(connection, "SELECT * FROM provision_movement")
            duck.write_results(connection, made / "tables", RESULTS, business_date=business_date, run_id="r")
        closed[business_date] = made / "tables"
        found.append({row["is_total"]: row for row in rows})
    return found


def line(row: Mapping[str, Any]) -> tuple[Decimal, ...]:
    names = ("opening", "charge", "release", "write_off", "recovery", "fx", "closing")
    return tuple(row[name].normalize() + 0 for name in names)


def said(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


BILLS = [{"document_id": f"D{n}", "due_on": date(2026, 5, 1), "amount": 1000} for n in (1, 2, 3)]


def test_a_month_of_charge_release_write_off_and_recovery(tmp_path: Path) -> None:
    off = {"source_kind": "write_off", "source_id": "W", "document_id": "D1", "amount": 1000}
    written_off = {"document": BILLS, "allocation": [{**off, "allocated_on": date(2026, 7, 10)}]}
    again = {
        "document_id": "D1-again",
        "kind": "debit_note",
        "references_document_id": "D1",
        "due_on": date(2026, 8, 30),
        "issued_on": date(2026, 8, 5),
        "amount": 400,
    }
    paid = {"receipt_id": "R", "received_on": date(2026, 7, 20), "amount": 1000}
    later = {
        **written_off,
        "receipt": [paid],
        "allocation": [*written_off["allocation"], {"source_id": "R", "document_id": "D2", "amount": 1000}],
    }
    policy = rates(10, opening={"C1": {"CNY": Decimal(100)}})
    found = movements(
        [
            (date(2026, 7, 2), {"document": BILLS}, policy),
            (date(2026, 7, 11), written_off, policy),
            (date(2026, 7, 21), later, policy),
            (date(2026, 8, 1), later, policy),
            (date(2026, 8, 2), later, policy),
            (date(2026, 8, 6), {**later, "document": [*BILLS, again]}, policy),
        ],
        tmp_path,
    )
    #                                     opening charge release write-off recovery fx closing
    assert line(found[0][False]) == said(100, 200, 0, 0, 0, 0, 300)  # in the books 100, needed 300
    assert line(found[1][False]) == said(100, 1100, 0, 1000, 0, 0, 200)
    assert line(found[2][False]) == said(100, 1000, 0, 1000, 0, 0, 100)
    assert line(found[3][False]) == said(100, 1000, 0, 1000, 0, 0, 100)  # still July: books of 31 July
    assert line(found[4][False]) == said(100, 0, 0, 0, 0, 0, 100)  # August opens with what July closed with
    assert line(found[5][False]) == said(100, 0, 360, 0, 400, 0, 140)  # claimed again: refilled, 10 % of it needed
    assert [night[False]["month"].month for night in found] == [7, 7, 7, 7, 8, 8]


def test_a_missed_month_end_opens_with_the_last_night_before(tmp_path: Path) -> None:
    more = [*BILLS, {"document_id": "D4", "due_on": date(2026, 9, 1), "issued_on": date(2026, 8, 2), "amount": 1000}]
    policy = rates(10)
    found = movements(
        [(date(2026, 7, 28), {"document": BILLS}, policy), (date(2026, 8, 4), {"document": more}, policy)], tmp_path
    )
    assert line(found[1][False]) == said(300, 100, 0, 0, 0, 0, 400)


def test_translation_is_told_apart(tmp_path: Path) -> None:
    """1,000 USD at 10 %: the allowance of 100 USD is worth 700 yuan in July and 720 in August."""
    bill = {"document_id": "D1", "due_on": date(2026, 5, 1), "amount": 1000, "currency": "USD"}
    rate = {"from_currency": "USD"}
    ledger = {
        "document": [bill],
        "fx_rate": [
            {**rate, "on_date": date(2026, 7, 1), "rate": 7},
            {**rate, "on_date": date(2026, 8, 1), "rate": Decimal("7.2")},
        ],
    }
    more = {**ledger, "document": [bill, {**bill, "document_id": "D2"}]}
    policy = rates(10)
    found = movements([(date(2026, 8, 1), ledger, policy), (date(2026, 8, 3), more, policy)], tmp_path)
    assert line(found[0][True]) == said(0, 700, 0, 0, 0, 0, 700)
    assert line(found[1][False]) == said(100, 100, 0, 0, 0, 0, 200)
    assert line(found[1][True]) == said(700, 720, 0, 0, 0, 20, 1440)


def test_a_currency_that_is_paid_off_is_released(tmp_path: Path) -> None:
    paid = {
        "document": BILLS,
        "receipt": [{"receipt_id": "R", "received_on": date(2026, 8, 3), "amount": 3000}],
        "allocation": [{"source_id": "R", "document_id": f"D{n}", "amount": 1000} for n in (1, 2, 3)],
    }
    policy = rates(10)
    found = movements([(date(2026, 8, 1), {"document": BILLS}, policy), (date(2026, 8, 5), paid, policy)], tmp_path)
    assert line(found[1][False]) == line(found[1][True]) == said(300, 0, 300, 0, 0, 0, 0)


def test_a_rate_that_is_missing_gives_no_total(tmp_path: Path) -> None:
    bill = {"document_id": "D1", "due_on": date(2026, 5, 1), "amount": 1000, "currency": "USD"}
    (found,) = movements([(date(2026, 8, 1), {"document": [bill]}, rates(10))], tmp_path)
    assert set(found) == {False}
    assert found[False]["closing"] == Decimal(100)


def test_nights_after_nights_keep_to_the_same_month(tmp_path: Path) -> None:
    """Every night of a month tells the month so far: the last one tells all of it."""
    policy = rates(10)
    days = [date(2026, 7, 2) + timedelta(days=n) for n in range(0, 28, 9)]
    found = movements([(day, {"document": BILLS[: n + 1]}, policy) for n, day in enumerate(days[:3])], tmp_path)
    assert [line(night[False]) for night in found] == [
        said(0, 100, 0, 0, 0, 0, 100),
        said(0, 200, 0, 0, 0, 0, 200),
        said(0, 300, 0, 0, 0, 0, 300),
    ]


OFF = {"source_kind": "write_off", "source_id": "W", "document_id": "D1", "amount": 1000}


def note(name: str, issued_on: date, amount: int) -> dict[str, Any]:
    """A debit note that claims again what was owed on D1; due long after the months that are told."""
    again = {"document_id": name, "kind": "debit_note", "references_document_id": "D1", "amount": amount}
    return {**again, "issued_on": issued_on, "due_on": date(2026, 12, 30)}


def test_a_month_opens_with_the_newest_run_of_the_close_before(tmp_path: Path) -> None:
    """July closes at 300; run again with a late receipt it closes at 200, and so August opens, on its third night."""
    paid = {"receipt_id": "R", "received_on": date(2026, 7, 30), "amount": 1000}
    late = {
        "document": BILLS,
        "receipt": [paid],
        "allocation": [{"source_id": "R", "document_id": "D1", "amount": 1000}],
    }
    policy = rates(10)
    nights = [
        (date(2026, 8, 1), {"document": BILLS}, policy),
        (date(2026, 8, 2), {"document": BILLS}, policy),
        (date(2026, 8, 1), late, policy),
        (date(2026, 8, 3), late, policy),
        (date(2026, 8, 2), late, policy),
        (date(2026, 9, 1), late, policy),
        (date(2026, 9, 2), late, policy),
    ]
    found = movements(nights, tmp_path)
    assert line(found[1][False]) == said(300, 0, 0, 0, 0, 0, 300)
    for number in (3, 4, 5, 6):
        assert line(found[number][False]) == line(found[number][True]) == said(200, 0, 0, 0, 0, 0, 200)
    closes = {
        row["month"]: row["closing"]  # of a month told twice, the newest
        for (day, _, _), night in zip(nights, found, strict=True)
        for row in night.values()
        if day.day == 1
    }
    for night in found[3:]:
        before = (night[False]["month"] - timedelta(days=1)).replace(day=1)
        assert night[False]["opening"] == closes[before]


def test_a_write_off_dated_back_into_a_closed_month_is_used_in_the_next(tmp_path: Path) -> None:
    off = {"document": BILLS, "allocation": [{**OFF, "allocated_on": date(2026, 7, 30)}]}
    policy = rates(10)
    found = movements(
        [
            (date(2026, 8, 1), {"document": BILLS}, policy),
            (date(2026, 8, 5), off, policy),
            (date(2026, 9, 1), off, policy),
            (date(2026, 9, 2), off, policy),
        ],
        tmp_path,
    )
    assert line(found[1][False]) == said(300, 900, 0, 1000, 0, 0, 200)
    assert line(found[2][False]) == said(300, 900, 0, 1000, 0, 0, 200)
    assert line(found[3][False]) == said(200, 0, 0, 0, 0, 0, 200)


def test_a_write_off_of_nights_that_were_missed_is_used_in_the_next_month(tmp_path: Path) -> None:
    off = {"document": BILLS, "allocation": [{**OFF, "allocated_on": date(2026, 7, 30)}]}
    policy = rates(10)
    found = movements([(date(2026, 7, 28), {"document": BILLS}, policy), (date(2026, 8, 4), off, policy)], tmp_path)
    assert line(found[1][False]) == said(300, 900, 0, 1000, 0, 0, 200)


def test_a_write_off_taken_back_after_the_close_refills_the_allowance(tmp_path: Path) -> None:
    off = {"document": BILLS, "allocation": [{**OFF, "allocated_on": date(2026, 7, 30)}]}
    policy = rates(10)
    found = movements([(date(2026, 8, 1), off, policy), (date(2026, 8, 5), {"document": BILLS}, policy)], tmp_path)
    assert line(found[1][False]) == said(200, 0, 900, 0, 1000, 0, 300)


def test_no_more_is_recovered_than_was_written_off(tmp_path: Path) -> None:
    """Claimed again for 800 and 700 of a debt of 1,000 that was written off, over two months: 1,000 in all."""
    off = [{**OFF, "allocated_on": date(2026, 7, 10)}]
    first = {"document": [*BILLS, note("N1", date(2026, 8, 5), 800)], "allocation": off}
    both = {"document": [*first["document"], note("N2", date(2026, 8, 6), 700)], "allocation": off}
    apart = {"document": [*first["document"], note("N2", date(2026, 9, 6), 700)], "allocation": off}
    policy = rates(10)
    start = (date(2026, 8, 1), {"document": BILLS, "allocation": off}, policy)
    (_, august) = movements([start, (date(2026, 8, 8), both, policy)], tmp_path / "one")
    assert line(august[False]) == said(200, 0, 850, 0, 1000, 0, 350)
    (*_, august, september) = movements(
        [start, (date(2026, 9, 1), first, policy), (date(2026, 9, 8), apart, policy)], tmp_path / "two"
    )
    assert august[False]["recovery"] == 800
    assert september[False]["recovery"] == 200


def test_a_debit_note_before_the_write_off_recovers_nothing(tmp_path: Path) -> None:
    """Interest of 50 on 3 August, written off on the 20th: the note is no claim to what was lost."""
    off = [{**OFF, "allocated_on": date(2026, 8, 20)}]
    before = {"document": [*BILLS, note("N1", date(2026, 8, 3), 50)], "allocation": off}
    after = {"document": [*before["document"], note("N2", date(2026, 8, 20), 30)], "allocation": off}
    policy = rates(10)
    found = movements(
        [
            (date(2026, 8, 1), {"document": BILLS}, policy),
            (date(2026, 8, 21), before, policy),
            (date(2026, 8, 21), after, policy),
        ],
        tmp_path,
    )
    assert found[1][False]["recovery"] == 0
    assert found[2][False]["recovery"] == 30


def test_a_second_write_off_makes_room_for_no_earlier_claim(tmp_path: Path) -> None:
    """100 written off, claimed again for 500, then 400 more written off: 100 was recovered."""
    off = [
        {**OFF, "amount": 100, "allocated_on": date(2026, 8, 2)},
        {**OFF, "amount": 400, "allocated_on": date(2026, 8, 9)},
    ]
    ledger = {"document": [*BILLS, note("N1", date(2026, 8, 5), 500)], "allocation": off}
    policy = rates(10)
    found = movements([(date(2026, 8, 1), {"document": BILLS}, policy), (date(2026, 8, 21), ledger, policy)], tmp_path)
    assert (found[1][False]["write_off"], found[1][False]["recovery"]) == (500, 100)
