"""Worked examples that others published: SAP, Lago and D365, run through the models themselves."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY, PROJECT
from tests.models.ledgers import classified, fetch

ORACLES = PROJECT.parent / "shared" / "oracles"
DAY = date(2026, 7, 1)


@pytest.fixture
def rules() -> dict[str, Any]:
    return {rule["id"]: rule for rule in json.loads((ORACLES / "collections_rules.json").read_text(encoding="utf-8"))}


def test_free_credit_is_consumed_from_the_highest_level_down(rules: dict[str, Any], tmp_path: Path) -> None:
    rule = rules["credits_sap_18127"]
    items, credits_ = rule["inputs"]["items"], rule["inputs"]["credits"]
    level = {f"{item['amount']:05}": item["level"] for item in items}
    documents: list[dict[str, Any]] = [
        {
            "document_id": f"{item['amount']:05}",
            "amount": item["amount"],
            "due_on": DAY - timedelta(days=item["days_past_due"]),
        }
        for item in items
    ]
    for number, credit in enumerate(credits_):
        about = credit["references_item_of_amount"]
        documents.append(
            {
                "document_id": f"credit-{number}",
                "kind": "credit_note",
                "amount": credit["amount"],
                "issued_on": DAY - timedelta(days=2),
                "references_document_id": f"{about:05}" if about else None,
            }
        )
    with classified({"document": documents}, DAY, load_policy(DEFAULT_POLICY), tmp_path) as connection:
        found = fetch(connection, "SELECT document_id, open_amount, net_amount FROM open_item")
        linked = {row["document_id"]: row["amount"] for row in fetch(connection, "SELECT * FROM linked_credit")}
    levels = sorted(set(level.values()))

    def by_level(amounts: dict[str, Decimal]) -> list[Decimal]:
        return [sum((amounts[name] for name in amounts if level[name] == step), Decimal(0)) for step in levels]

    gross = {row["document_id"]: row["open_amount"] for row in found}
    net = {row["document_id"]: row["net_amount"] for row in found}
    expected = rule["expected"]
    assert by_level(gross) == expected["by_level_gross"]
    assert by_level({name: gross[name] - linked.get(name, 0) for name in gross}) == expected["after_referenced"]
    assert by_level(net) == expected["after_free_from_the_top"] == [13000, 4000, 0, 0]
    assert max(level[name] for name, amount in net.items() if amount) == expected["highest_level"] == 2
    assert sum(net.values()) == expected["total"]


def test_the_day_after_the_due_date_is_the_first_overdue_one(rules: dict[str, Any], tmp_path: Path) -> None:
    rule = rules["next_day_lago"]
    due = date.fromisoformat(rule["inputs"]["due_on"])
    document = [{"document_id": "d", "amount": 1, "due_on": due}]
    for key, stage in (("overdue_on", "M1"), ("not_overdue_on", "M0")):
        for day in map(date.fromisoformat, rule["expected"][key]):
            with classified(
                {"document": document}, day, load_policy(DEFAULT_POLICY), tmp_path / str(day)
            ) as connection:
                assert [row["stage"] for row in fetch(connection, "SELECT stage FROM open_item")] == [stage]


def test_promise_states(rules: dict[str, Any], tmp_path: Path) -> None:
    tolerance = load_policy(DEFAULT_POLICY).promises.tolerance_days
    for number, case in enumerate(rules["promise_states_sap"]["cases"]):
        over = 0 if case["evaluated_after_tolerance"] else 1
        promised_for = DAY - timedelta(days=1 + tolerance - over)
        ledger: dict[str, list[dict[str, Any]]] = {
            "document": [{"document_id": "d", "amount": case["promised"], "due_on": promised_for}],
            "promise": [
                {
                    "promise_id": "p",
                    "document_id": "d",
                    "amount": case["promised"],
                    "made_on": promised_for - timedelta(days=5),
                    "promised_for": promised_for,
                }
            ],
        }
        if case["received_in_window"]:
            ledger["receipt"] = [
                {"receipt_id": "r", "received_on": promised_for - timedelta(1), "amount": case["received_in_window"]}
            ]
            ledger["allocation"] = [{"source_id": "r", "document_id": "d", "amount": case["received_in_window"]}]
        with classified(ledger, DAY, load_policy(DEFAULT_POLICY), tmp_path / str(number)) as connection:
            assert [row["state"] for row in fetch(connection, "SELECT state FROM promise_status")] == [case["state"]]


def test_amount_weighted_days(rules: dict[str, Any], tmp_path: Path) -> None:
    for number, case in enumerate(rules["weighted_days_to_pay"]["cases"]):
        due = DAY - timedelta(days=90)
        ledger: dict[str, list[dict[str, Any]]] = {"document": [], "receipt": [], "allocation": []}
        for n, (amount, days) in enumerate(case["amount_days"]):
            ledger["document"].append({"document_id": f"d{n}", "amount": amount, "due_on": due})
            paid = due + timedelta(days=days)
            ledger["receipt"].append({"receipt_id": f"r{n}", "received_on": paid, "amount": amount})
            ledger["allocation"].append({"source_id": f"r{n}", "document_id": f"d{n}", "amount": amount})
        with classified(ledger, DAY, load_policy(DEFAULT_POLICY), tmp_path / str(number)) as connection:
            [row] = fetch(connection, "SELECT days_late_weighted FROM payment_behaviour")
        assert row["days_late_weighted"] == round(Decimal(str(case["weighted"])), 2)
