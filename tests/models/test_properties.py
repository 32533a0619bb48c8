"""What must hold for every ledger: invariants, no influence of row order, and more overdue never means less severe."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS
from tests.models.ledgers import classified, fetch

DAY = date(2026, 7, 1)
POLICY = load_policy(DEFAULT_POLICY)
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
TABLES = tuple(name for name in RESULTS if name not in ("data_quality", "quarantine"))


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Documents with and without instalments, receipts, notes and write-offs, partly allocated, never beyond."""
    rng = draw(st.randoms(use_true_random=False))
    count = draw(st.integers(1, 12))
    ledger: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("document", "instalment", "receipt", "allocation", "dispute", "promise")
    }
    ledger["account"] = [{"account_id": f"A{n}", "credit_limit": rng.choice([None, 0, 500, 5000])} for n in range(3)]
    for n in range(count):
        _document(rng, ledger, n)
    for n in range(draw(st.integers(0, 8))):
        _credit(rng, ledger, n)
    return ledger


def _document(rng: random.Random, ledger: dict[str, list[dict[str, Any]]], n: int) -> None:
    name, parts = f"D{n}", rng.choice([1, 1, 1, 2, 3])
    due = DAY + timedelta(days=rng.randint(-400, 60))
    cents = [rng.randint(1, 100_000) for _ in range(parts)]
    document = {"document_id": name, "account_id": f"A{rng.randint(0, 2)}", "amount": Decimal(sum(cents)) / 100}
    document |= {"currency": rng.choice(["CNY", "CNY", "USD"]), "issued_on": min(due, DAY) - timedelta(days=30)}
    if parts == 1:
        document["due_on"] = due
    else:
        ledger["instalment"] += [
            {"document_id": name, "seq": k, "due_on": due + timedelta(days=30 * k), "amount": Decimal(part) / 100}
            for k, part in enumerate(cents, start=1)
        ]
    ledger["document"].append(document)
    if rng.random() < 0.3:
        amount = rng.choice([None, document["amount"] / 2])
        ledger["dispute"].append(
            {"dispute_id": f"X{n}", "document_id": name, "opened_on": DAY - timedelta(5), "amount": amount}
        )
    if rng.random() < 0.3:
        promise = {"promise_id": f"P{n}", "document_id": name, "account_id": document["account_id"]}
        promise |= {"currency": document["currency"], "amount": document["amount"]}
        ledger["promise"].append(
            promise | {"made_on": DAY - timedelta(20), "promised_for": DAY - timedelta(rng.randint(0, 15))}
        )


def _credit(rng: random.Random, ledger: dict[str, list[dict[str, Any]]], n: int) -> None:
    target = rng.choice(ledger["document"])
    used = sum(row["amount"] for row in ledger["allocation"] if row["document_id"] == target["document_id"])
    room = target["amount"] - used
    amount = Decimal(rng.randint(1, 150_000)) / 100
    kind = rng.choice(["receipt", "receipt", "credit_note", "write_off"])
    day = DAY - timedelta(days=rng.randint(0, 40))
    common = {"account_id": target["account_id"], "currency": target["currency"], "amount": amount}
    if kind == "receipt":
        ledger["receipt"].append({"receipt_id": f"S{n}", "received_on": day, **common})
    elif kind == "credit_note":
        linked = {"references_document_id": target["document_id"]} if rng.random() < 0.5 else {}
        ledger["document"].append({"document_id": f"S{n}", "kind": kind, "issued_on": day, **common, **linked})
    applied = min(room, amount) if kind == "write_off" or rng.random() < 0.6 else Decimal(0)
    if applied > 0 and target.get("kind") != "credit_note":
        row = {"source_kind": kind, "source_id": f"S{n}", "document_id": target["document_id"], "amount": applied}
        applied_on = day - timedelta(days=rng.choice([0, 0, 0, 20]))  # money may be applied before its value date
        ledger["allocation"].append({"allocation_id": f"L{n}", "allocated_on": applied_on, **row})


def results(ledger: Mapping[str, list[dict[str, Any]]], without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """All rows of all results, in an order of their own; every invariant is checked on the way."""
    with (
        tempfile.TemporaryDirectory() as folder,
        classified(ledger, DAY, POLICY, Path(folder), without=without) as connection,
    ):
        return {table: sorted(str(row) for row in fetch(connection, f"SELECT * FROM {table}")) for table in TABLES}


@SLOW
@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(ledger: dict[str, list[dict[str, Any]]], rng: random.Random) -> None:
    shuffled = {table: rng.sample(rows, len(rows)) for table, rows in ledger.items()}
    assert results(ledger) == results(shuffled)


@SLOW
@given(ledgers())
def test_invariants_hold_without_allocations(ledger: dict[str, list[dict[str, Any]]]) -> None:
    kept = {table: rows for table, rows in ledger.items() if table != "allocation"}
    assert results(kept, without=("allocation",))["account_status"]


@settings(SLOW, max_examples=3)
@given(st.randoms(use_true_random=False))
def test_an_earlier_close_is_told_as_its_night_told_it(rng: random.Random) -> None:
    """Documents of three instalments, paid by allocations that name none and often precede the money's value date."""
    ledger: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("document", "instalment", "receipt", "allocation", "dispute", "promise")
    }
    for n in range(20):
        name = f"D{n}"
        ledger["document"].append({"document_id": name, "issued_on": date(2026, 1, 1), "amount": 300})
        for seq, due_on in enumerate((date(2026, 4, 20), date(2026, 5, 20), date(2026, 6, 20)), start=1):
            ledger["instalment"].append({"document_id": name, "seq": seq, "due_on": due_on, "amount": 100})
        for part in range(rng.randint(2, 4)):
            source, received_on = f"S{n}-{part}", DAY - timedelta(days=rng.randint(1, 60))
            ledger["receipt"].append({"receipt_id": source, "received_on": received_on, "amount": 70})
            row = {"source_id": source, "document_id": name, "amount": rng.choice([50, 70])}
            row["allocated_on"] = received_on + timedelta(days=rng.choice([-30, -10, 0, 5]))
            ledger["allocation"].append({"allocation_id": f"L{n}-{part}", **row})
    told, close = [], date(2026, 5, 31)
    for business_date, query in (
        (close + timedelta(1), "open_item"),
        (DAY, f"close_item WHERE closed_on = DATE '{close}'"),
    ):
        with tempfile.TemporaryDirectory() as folder, classified(ledger, business_date, POLICY, Path(folder)) as night:
            columns = "document_id, seq, bucket, open_amount"
            told.append(night.execute(f"SELECT {columns} FROM {query} ORDER BY ALL").fetchall())
    assert told[0] == told[1] != []


@SLOW
@given(ledgers(), st.integers(1, 120))
def test_more_days_past_due_never_lower_a_stage(ledger: dict[str, list[dict[str, Any]]], days: int) -> None:
    def earlier(row: dict[str, Any]) -> dict[str, Any]:
        moved = {key: row[key] - timedelta(days) for key in ("due_on", "issued_on") if row.get(key)}
        return {**row, **moved}

    aged = dict(ledger)
    aged["document"] = [earlier(row) if row.get("due_on") else row for row in ledger["document"]]
    before, after = stages(ledger), stages(aged)
    assert all(after[account] >= stage for account, stage in before.items())


def stages(ledger: Mapping[str, list[dict[str, Any]]]) -> dict[str, str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        classified(ledger, DAY, POLICY, Path(folder), with_figures=False) as connection,
    ):
        return {row["account_id"]: row["stage"] for row in fetch(connection, "SELECT * FROM account_status")}


@SLOW
@given(ledgers(), st.integers(0, 2), st.integers(1, 500_000))
def test_a_payment_never_makes_anything_worse(
    ledger: dict[str, list[dict[str, Any]]], account: int, cents: int
) -> None:
    paid = dict(ledger)
    payment = {"receipt_id": "extra", "account_id": f"A{account}", "amount": Decimal(cents) / 100}
    paid["receipt"] = [*ledger["receipt"], payment | {"received_on": DAY - timedelta(1)}]
    before, after = overdue(ledger), overdue(paid)
    for key, (stage, amount) in after.items():
        assert stage <= before[key][0], key
        assert amount <= before[key][1], key


def overdue(ledger: Mapping[str, list[dict[str, Any]]]) -> dict[tuple[str, str], tuple[str, Decimal]]:
    """Stage and overdue amount per account and currency."""
    with (
        tempfile.TemporaryDirectory() as folder,
        classified(ledger, DAY, POLICY, Path(folder), with_figures=False) as connection,
    ):
        rows = fetch(
            connection,
            "SELECT s.account_id, s.stage, c.currency, COALESCE(b.overdue_amount, 0) AS overdue_amount"
            " FROM account_status AS s CROSS JOIN (VALUES ('CNY'), ('USD')) AS c (currency)"
            " LEFT JOIN account_balance AS b ON b.account_id = s.account_id AND b.currency = c.currency",
        )
    return {(row["account_id"], row["currency"]): (row["stage"], row["overdue_amount"]) for row in rows}
