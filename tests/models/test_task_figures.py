"""Coverage and answer rate of tasks, over nights: what became of last night's lists, and who of the late has a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huikuan.engine import duck
from huikuan.policy import Policy, load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import classified, fetch

FIRST = date(2026, 7, 1)
SECOND = FIRST + timedelta(days=1)
LEDGER: dict[str, list[dict[str, Any]]] = {
    "rep": [{"rep_id": "R1"}, {"rep_id": "R2"}],
    "account": [
        {"account_id": "A1", "segment": "key"},
        {"account_id": "A2", "segment": "small"},
        {"account_id": "A3", "rep_id": "R2", "segment": "small"},
        {"account_id": "A4", "rep_id": None},
        {"account_id": "A5", "rep_id": "R2"},
    ],
    "document": [
        {"document_id": f"D{n}", "account_id": f"A{n}", "amount": 800, "due_on": date(2026, 12 if n == 5 else 6, 20)}
        for n in range(1, 6)
    ],
}  # fmt: skip
"""Four customers late, one of them nobody's; A5 is not late, and is called because nobody has ever spoken to it."""
PAID = {
    "receipt": [
        {"receipt_id": f"P{n}", "account_id": f"A{n}", "received_on": FIRST, "amount": amount}
        for n, amount in ((1, 800), (3, 300))
    ],
    "allocation": [
        {"source_id": f"P{n}", "document_id": f"D{n}", "amount": amount} for n, amount in ((1, 800), (3, 300))
    ],
}
"""A1 pays all of it on the day on which it is called; A3 pays a part and stays in the list."""
SCOPES = (("company", ""), ("rep", ""), ("rep", "R1"), ("rep", "R2"), ("segment", "key"), ("segment", "small"))
Figure = tuple[Decimal | None, Decimal, Decimal, str | None]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(DEFAULT_POLICY)


def figures(
    nights: Sequence[tuple[date, Mapping[str, Sequence[Mapping[str, Any]]]]], policy: Policy, folder: Path
) -> list[dict[tuple[str, str, str], Figure]]:
    """One night after the other; per night (value, numerator, denominator, note) by name, dimension and member."""
    found: list[dict[tuple[str, str, str], Figure]] = []
    previous: Path | None = None
    for business_date, ledger in nights:
        made = folder / f"{business_date}"
        with classified(ledger, business_date, policy, made / "ledger", previous=previous) as connection:
            rows = fetch(connection, "SELECT * FROM metric WHERE name IN ('task_answered_pct', 'task_coverage_pct')")
            duck.write_results(connection, made / "tables", RESULTS, business_date=business_date, run_id="r")
        assert all(row["is_total"] and row["window"] == "as_of" for row in rows)
        assert {row["closed_on"] for row in rows} == {business_date - timedelta(days=1)}
        previous = made / "tables"
        found.append(
            {
                (row["name"], row["dimension"], row["member"]): (
                    row["value"], row["numerator"], row["denominator"], row["note"]
                )
                for row in rows
            }
        )  # fmt: skip
    return found


def said(met: int, of: int, note: str | None = None) -> tuple[int, int, str | None]:
    return met, of, note


def shown(
    night: Mapping[tuple[str, str, str], Figure], name: str
) -> dict[tuple[str, str], tuple[int, int, str | None]]:
    """Counts and note by scope; the value is their quotient."""
    for value, met, of, _ in night.values():
        assert (value is None) == (of == 0)
        assert value is None or abs(value - 100 * met / of) < Decimal("0.0000001")
    return {
        (dimension, member): (int(met), int(of), note)
        for (each, dimension, member), (_, met, of, note) in night.items()
        if each == name and (dimension, member) in SCOPES
    }


def test_lists_of_the_night_before_and_of_tonight(policy: Policy, tmp_path: Path) -> None:
    first, second = figures([(FIRST, LEDGER), (SECOND, {**LEDGER, **PAID})], policy, tmp_path)
    assert set(shown(first, "task_answered_pct").values()) == {said(0, 0, "no_night_before")}
    assert shown(first, "task_coverage_pct") == {
        ("company", ""): said(3, 4),
        ("rep", ""): said(0, 1),  # nobody's account: its task stands in nobody's list
        ("rep", "R1"): said(2, 2),
        ("rep", "R2"): said(1, 1),
        ("segment", "key"): said(1, 1),
        ("segment", "small"): said(2, 2),
    }
    assert shown(second, "task_answered_pct") == {
        ("company", ""): said(1, 4),
        ("rep", ""): said(0, 0, "no_tasks"),
        ("rep", "R1"): said(1, 2),
        ("rep", "R2"): said(0, 2),
        ("segment", "key"): said(1, 1),
        ("segment", "small"): said(0, 2),
    }
    coverage = shown(second, "task_coverage_pct")
    assert coverage["company", ""] == said(2, 3)
    assert coverage["segment", "key"] == said(0, 0, "nothing_overdue")


def test_what_is_not_needed_any_more_is_not_answered(policy: Policy, tmp_path: Path) -> None:
    """The invoice is cancelled by a credit note: the call is void; it was in the list, and nobody did it."""
    note = {"document_id": "N1", "kind": "credit_note", "amount": 800, "issued_on": FIRST, "due_on": FIRST}
    void = {
        **LEDGER,
        "document": [*LEDGER["document"], note],
        "allocation": [
            {"source_kind": "credit_note", "source_id": "N1", "document_id": "D1", "amount": 800, "allocated_on": FIRST}
        ],
    }
    _, second = figures([(FIRST, LEDGER), (SECOND, void)], policy, tmp_path)
    assert shown(second, "task_answered_pct")["company", ""] == said(0, 4)


def test_nights_can_be_added_up(policy: Policy, tmp_path: Path) -> None:
    """Counts of all nights together, over those of the reps together, in any grouping: the same."""
    nights = [(FIRST, LEDGER), (SECOND, {**LEDGER, **PAID}), (SECOND + timedelta(days=1), {**LEDGER, **PAID})]
    told = figures(nights, policy, tmp_path)
    for name in ("task_answered_pct", "task_coverage_pct"):
        for night in told:
            by = {
                dimension: [
                    sum(counts) for counts in zip(
                        *(figure[1:3] for (each, of, _), figure in night.items() if (each, of) == (name, dimension)),
                        strict=True,
                    )
                ]
                for dimension in ("company", "segment", "rep")
            }  # fmt: skip
            assert by["company"] == by["segment"] == by["rep"]
    whole = [shown(night, "task_answered_pct")["company", ""] for night in told]
    # none yet, the first lists, then one call less and a word of thanks to who paid
    assert [night[:2] for night in whole] == [(0, 0), (1, 4), (0, 4)]
