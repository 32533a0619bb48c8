"""Amounts of eleven digits in a foreign currency pass every model: products of decimals have the room they need."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from tests.models.ledgers import classified, fetch

DAY = date(2026, 7, 1)
MUCH = Decimal("99999999999.99")


def test_eleven_digits_in_a_foreign_currency(tmp_path: Path) -> None:
    common = {"currency": "USD", "issued_on": DAY - timedelta(days=400)}
    ledger = {
        "document": [
            {"document_id": f"D{n}", "due_on": DAY - timedelta(days=30 * n), "amount": MUCH, **common}
            for n in range(1, 14)
        ],
        "receipt": [
            {"receipt_id": "R", "received_on": DAY - timedelta(days=40), "amount": MUCH, "currency": "USD"},
            {"receipt_id": "S", "received_on": DAY - timedelta(days=2), "amount": MUCH / 2, "currency": "USD"},
        ],
        "allocation": [{"source_id": "R", "document_id": "D13", "amount": MUCH}],
        "promise": [
            {"promise_id": name, "amount": MUCH, "currency": "USD", "made_on": made}
            | {"promised_for": made + timedelta(days=9)}
            for name, made in (("old", DAY - timedelta(days=50)), ("new", DAY - timedelta(days=3)))
        ],
        "target": [{"month": DAY.replace(day=1), "currency": "USD", "amount": MUCH}],
        "fx_rate": [{"from_currency": "USD", "on_date": DAY - timedelta(days=9), "rate": Decimal("7.12345678")}],
    }  # fmt: skip
    with classified(ledger, DAY, load_policy(DEFAULT_POLICY), tmp_path) as connection:
        (total,) = fetch(
            connection,
            "SELECT value FROM metric WHERE name = 'open_amount' AND dimension = 'company' AND is_total"
            f" AND closed_on = DATE '{DAY - timedelta(days=1)}'",
        )
        (moved,) = fetch(connection, "SELECT closing FROM provision_movement WHERE is_total")
    assert total["value"] == 12 * MUCH * Decimal("7.12345678")
    assert moved["closing"] > MUCH / 100
