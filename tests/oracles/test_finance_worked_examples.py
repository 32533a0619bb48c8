"""Published worked examples of finance, reproduced by the models of a night from ledgers made of their inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dateutil.relativedelta import relativedelta

from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from tests.models.ledgers import classified, fetch

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles"
EXAMPLES = json.loads((ORACLES / "finance_worked_examples.json").read_text(encoding="utf-8"))
RULES = {rule["id"]: rule for rule in json.loads((ORACLES / "collections_rules.json").read_text(encoding="utf-8"))}
WINDOW_OF = {30: (date(2026, 4, 30), "m1"), 90: (date(2026, 3, 31), "m3"), 365: (date(2025, 12, 31), "m12")}
"""A month end, and the window of so many days that ends there."""
IN_OTHER_TESTS = {"ECL flow rates", "ECL matrix", "ECL disclosed", "aging + allowance"}
Row = Mapping[str, Any]


def examples(kind: str) -> list[dict[str, Any]]:
    found = [example for example in EXAMPLES if example["kind"] == kind]
    assert found, kind
    return found


def marked(example: Mapping[str, Any]) -> bool:
    return "do NOT use" in example["note"]


def named(example: Mapping[str, Any]) -> str:
    return f"{example['source']} {next(iter(example['inputs'].values()))}"


@contextmanager
def closed(
    closed_on: date, documents: Sequence[Row], folder: Path, *, days_per_month: int | None = None, **tables: Any
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The night after ``closed_on``; ``days_per_month`` where a page counts all months alike."""

    def same_days(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"UPDATE policy.close_month SET days = {days_per_month}")

    with classified(
        {"document": documents, **tables},
        closed_on + timedelta(days=1),
        load_policy(DEFAULT_POLICY),
        folder,
        prepare=same_days if days_per_month else None,
    ) as connection:
        yield connection


def figures(connection: duckdb.DuckDBPyConnection, closed_on: date, window: str) -> dict[str, Any]:
    rows = fetch(
        connection,
        f"SELECT * FROM metric WHERE dimension = 'company' AND NOT is_total AND closed_on = DATE '{closed_on}'"
        f" AND \"window\" = '{window}'",
    )
    return {row["name"]: row for row in rows}


def invoice(name: str, issued_on: date, due_on: date, amount: Any) -> dict[str, Any]:
    return {"document_id": name, "issued_on": issued_on, "due_on": due_on, "amount": Decimal(str(amount))}


def ledger_of(closed_on: date, opening_on: date, **parts: Decimal) -> dict[str, list[dict[str, Any]]]:
    """What ``opening`` was owed and paid or not, what was sold after it, and what of it all is not due at the close.

    Parts: opening, sales, closing, not_due. Not due are sales of the window; the rest of the closing is overdue.
    """
    later, earlier = closed_on + timedelta(days=30), opening_on - timedelta(days=30)
    overdue = parts["closing"] - parts["not_due"]
    documents = [
        invoice("before", earlier, opening_on, parts["opening"]),
        invoice("sold, not due", closed_on, later, parts["not_due"]),
        invoice("sold, due", opening_on + timedelta(days=1), closed_on - timedelta(days=1), _rest(parts)),
    ]
    documents = [row for row in documents if row["amount"] > 0]
    owed = sum(row["amount"] for row in documents if row["document_id"] != "sold, not due")
    receipt = {"receipt_id": "paid", "received_on": closed_on, "amount": owed - overdue}
    allocations = []
    left = receipt["amount"]
    for row in documents:
        if row["document_id"] != "sold, not due" and left > 0:
            taken = min(left, row["amount"])
            allocations.append({"source_id": "paid", "document_id": row["document_id"], "amount": taken})
            left -= taken
    return {"documents": documents, "receipt": [receipt], "allocation": allocations}


def _rest(parts: Mapping[str, Decimal]) -> Decimal:
    return parts["sales"] - parts["not_due"]


def effectiveness(example: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], str]:
    """The figures of a CEI example's window; pages that name no months are read as one quarter."""
    inputs = example["inputs"]
    closed_on = date(2026, 3, 31)
    parts = ledger_of(
        closed_on,
        date(2025, 12, 31),
        opening=Decimal(inputs["beginning"]),
        sales=Decimal(inputs["credit_sales"]),
        closing=Decimal(inputs["ending_total"]),
        not_due=Decimal(inputs["ending_current"]),
    )
    with closed(closed_on, folder=folder, **parts) as connection:
        (balance,) = fetch(
            connection,
            "SELECT * FROM scope_close WHERE dimension = 'company' AND NOT is_total AND \"window\" = 'm3'"
            f" AND closed_on = DATE '{closed_on}'",
        )
        told = figures(connection, closed_on, "m3")
    assert (balance["opening"], balance["sales"]) == (inputs["beginning"], inputs["credit_sales"])
    assert (balance["closing"], balance["not_due"]) == (inputs["ending_total"], inputs["ending_current"])
    return told, "cei_monthly" if inputs.get("months") else "cei"


def test_no_example_is_forgotten() -> None:
    here = {"CEI", "DSO simple", "DSO count-back", "aging table"}
    assert {example["kind"] for example in EXAMPLES} == here | IN_OTHER_TESTS


@pytest.mark.parametrize("example", [e for e in examples("CEI") if not marked(e)], ids=named)
def test_collection_effectiveness(example: dict[str, Any], tmp_path: Path) -> None:
    """One page takes a month's sales of a quarter (cei_monthly), the other the sales of the whole window (cei)."""
    told, name = effectiveness(example, tmp_path)
    assert float(round(told[name]["value"], 2)) == example["recomputed"]
    published = example["published"].rstrip("%")
    digits = len(published.partition(".")[2])
    assert float(round(told[name]["value"], digits)) == float(published)
    other = {"cei", "cei_monthly"} - {name}
    assert told[other.pop()]["value"] != told[name]["value"], "the two families are not the same figure"


@pytest.mark.parametrize("example", [e for e in examples("CEI") if marked(e)], ids=named)
def test_collection_effectiveness_of_a_page_that_does_not_follow_its_own_formula(
    example: dict[str, Any], tmp_path: Path
) -> None:
    """The page prints the formula of cei above its table, and four figures that neither family of it gives."""
    told, _ = effectiveness(example, tmp_path)
    assert float(round(told["cei"]["value"], 2)) == example["recomputed"]
    printed = float(example["published"].rstrip("%"))
    assert abs(float(told["cei"]["value"]) - printed) > 1
    assert abs(float(told["cei_monthly"]["value"]) - printed) > 1


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        *((example["inputs"], example["recomputed"]) for example in examples("DSO simple")),
        (RULES["dso_jde"]["inputs"], RULES["dso_jde"]["expected"]["dso_simple"]),
    ],
    ids=str,
)
def test_dso_simple(inputs: dict[str, Any], expected: float, tmp_path: Path) -> None:
    closed_on, window = WINDOW_OF[inputs["days"]]
    receivables, sales = Decimal(inputs["receivables"]), Decimal(inputs["credit_sales"])
    opening_on = closed_on - timedelta(days=inputs["days"])
    parts = ledger_of(closed_on, opening_on, opening=Decimal(0), sales=sales, closing=receivables, not_due=receivables)
    with closed(closed_on, folder=tmp_path, **parts) as connection:
        told = figures(connection, closed_on, window)["dso_simple"]
    assert float(round(told["value"], 2)) == expected
    assert (told["numerator"], told["denominator"]) == (receivables, sales)


def test_best_possible_dso_and_days_delinquent(tmp_path: Path) -> None:
    rule = RULES["bpdso_add_creditguru"]
    inputs = rule["inputs"]
    closed_on, window = WINDOW_OF[inputs["days"]]
    parts = ledger_of(
        closed_on,
        closed_on - timedelta(days=inputs["days"]),
        opening=Decimal(20000),
        sales=Decimal(inputs["credit_sales"]),
        closing=Decimal(inputs["receivables"]),
        not_due=Decimal(inputs["not_past_due"]),
    )
    with closed(closed_on, folder=tmp_path, **parts) as connection:
        told = figures(connection, closed_on, window)
    assert {name: told[name]["value"] for name in rule["expected"]} == rule["expected"]


def monthly_sales(closed_on: date, newest_first: Sequence[Any], owed: Any) -> dict[str, list[dict[str, Any]]]:
    """One invoice a month; all but ``owed`` is paid, oldest first."""
    documents = []
    for back, amount in enumerate(newest_first):
        issued_on = closed_on.replace(day=1) - relativedelta(months=back)
        documents.append(invoice(f"month {back}", issued_on, issued_on + timedelta(days=30), amount))
    left = sum(newest_first) - owed
    receipts = [{"receipt_id": "paid", "received_on": closed_on, "amount": left}] if left else []
    allocations = []
    for row in reversed(documents):
        taken = min(Decimal(left), row["amount"])
        if taken:
            allocations.append({"source_id": "paid", "document_id": row["document_id"], "amount": taken})
        left -= taken
    return {"documents": documents, "receipt": receipts, "allocation": allocations}


def test_dso_count_back(tmp_path: Path) -> None:
    """The stored page breaks off before the result: 60 days and 32,000 of 70,000 of a third month of 30 days."""
    (example,) = examples("DSO count-back")
    inputs = example["inputs"]
    closed_on = date(2026, 3, 31)
    parts = monthly_sales(closed_on, inputs["monthly_sales_newest_first"], inputs["receivables"])
    with closed(closed_on, folder=tmp_path / "same", days_per_month=inputs["days_per_month"], **parts) as connection:
        told = figures(connection, closed_on, "as_of")["dso_countback"]
    assert float(round(told["value"], 2)) == example["recomputed"]
    assert told["note"] is None
    with closed(closed_on, folder=tmp_path / "real", **parts) as connection:
        told = figures(connection, closed_on, "as_of")["dso_countback"]
    assert float(told["value"]) == pytest.approx(31 + 28 + 32 / 70 * 31), "with real months: March, February, January"


def test_dso_count_back_by_the_calendar(tmp_path: Path) -> None:
    rule = RULES["dso_countback_anaplan"]
    months = rule["inputs"]["months_newest_first"]
    assert [(name, days) for name, days, _ in months] == [
        (f"{day:%b}", (day + relativedelta(day=31)).day)
        for day in (date(2026, 1, 1) - relativedelta(months=back) for back in range(5))
    ]
    closed_on = date(2026, 1, 31)
    parts = monthly_sales(closed_on, [amount for _, _, amount in months], rule["inputs"]["receivables"])
    with closed(closed_on, folder=tmp_path, **parts) as connection:
        assert figures(connection, closed_on, "as_of")["dso_countback"]["value"] == rule["expected"]["dso_countback"]


def test_aging_table(tmp_path: Path) -> None:
    """Larkin Co.: four customers by days since the invoice fell due; the page shows no rows past D."""
    (example,) = examples("aging table")
    closed_on = date(2026, 3, 31)
    days = (0, 20, 50, 80)
    documents = [
        {
            **invoice(f"{account} {late}", closed_on - timedelta(days=120), closed_on - timedelta(days=late), amount),
            "account_id": account,
        }
        for account, amounts in example["inputs"]["customers"].items()
        for late, amount in zip(days, amounts, strict=True)
        if amount
    ]
    accounts = [{"account_id": account} for account in example["inputs"]["customers"]]
    with closed(closed_on, documents, tmp_path, account=accounts) as connection:
        rows = fetch(connection, "SELECT * FROM account_balance")
        whole = fetch(connection, "SELECT * FROM month_balance ORDER BY month DESC LIMIT 1")
    buckets = ("not_due", "d1_30", "d31_60", "d61_90")
    table = {row["account_id"]: [row[bucket] for bucket in buckets] for row in rows}
    assert table == example["inputs"]["customers"]
    assert {row["account_id"]: row["open_amount"] for row in rows} == example["recomputed"] == example["published"]
    by_bucket = [sum(column) for column in zip(*example["inputs"]["customers"].values(), strict=True)]
    assert [whole[0][bucket] for bucket in buckets] == by_bucket


@pytest.mark.parametrize("rule", ["roll_rate_simple", "roll_rate_with_write_off"])
def test_roll_rate(rule: str, tmp_path: Path) -> None:
    """Not due at the end of February; at the end of March in the next bucket, written off, or paid."""
    inputs, expected = RULES[rule]["inputs"], RULES[rule]["expected"]
    closed_on, month_end = date(2026, 3, 31), date(2026, 2, 28)
    rolled, gone = Decimal(inputs["balance_now_in_next_bucket"]), Decimal(inputs.get("written_off_of_it", 0))
    whole = Decimal(inputs["balance_before"])
    documents = [invoice("owed", month_end - timedelta(days=30), month_end + timedelta(days=1), whole)]
    paid = whole - rolled - gone
    allocations = [{"source_id": "paid", "document_id": "owed", "amount": paid}]
    if gone:
        allocations.append(
            {
                "source_kind": "write_off",
                "source_id": "gone",
                "document_id": "owed",
                "amount": gone,
                "allocated_on": closed_on - timedelta(days=1),
            }
        )
    receipt = [{"receipt_id": "paid", "received_on": closed_on - timedelta(days=2), "amount": paid}]
    with closed(closed_on, documents, tmp_path, receipt=receipt, allocation=allocations) as connection:
        rows = fetch(
            connection,
            "SELECT * FROM roll_rate WHERE dimension = 'company' AND NOT is_total AND \"window\" = 'm1'"
            " AND from_bucket = 'not_due' AND amount > 0",
        )
    rates = {row["to_bucket"]: row["rate"] * 100 for row in rows}
    assert rates["rolled"] == Decimal(str(expected["roll_rate_pct"]))
    assert rates["d1_30"] == rolled / whole * 100
    assert rates["paid"] == paid / whole * 100
    if gone:
        assert rates["d1_30"] == Decimal(str(expected["wrong_if_ignored_pct"])), "what forgets the write-off says"
        assert rates["written_off"] == gone / whole * 100
