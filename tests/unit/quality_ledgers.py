"""Small ledgers for the tests of validation: rows as dictionaries, written as a snapshot's Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from huikuan.columns import duckdb_type
from huikuan.ledger.contract import TABLES
from huikuan.policy.model import GatePolicy, VolumePolicy
from huikuan.quality import Validation, relations, validate
from huikuan.quality.gate import decide
from huikuan.quality.model import PastNight

Ledger = dict[str, list[dict[str, Any]]]

NIGHT = date(2024, 7, 1)
AS_OF = date(2024, 6, 30)

POLICY = GatePolicy(
    max_quarantined_share_pct=Decimal(100),  # tests of the share lower it; the others look at rules
    complete_tables=("receipt",),
    volume=VolumePolicy(
        tables=("document", "receipt"), history_nights=20, min_history=5, min_ratio=Decimal("0.5"), max_ratio=Decimal(2)
    ),
)

SOUND: Ledger = {
    "company": [
        {"company_id": "C1", "name": "汇款有限公司", "functional_currency": "CNY", "timezone": "Asia/Shanghai",
         "calendar": "CN"},
    ],
    "rep": [
        {"rep_id": "R1", "name": "Li", "email": "li@example.com", "manager_id": "R2", "role": "rep"},
        {"rep_id": "R2", "name": "Wu", "email": "wu@example.com", "role": "manager"},
    ],
    "account": [
        {"company_id": "C1", "account_id": "A1", "name": "Alpha", "rep_id": "R1", "segment": "key",
         "book_closing_day": 25, "fixed_payment_day": 10},
        {"company_id": "C1", "account_id": "A2", "name": "Beta", "parent_account_id": "A1", "orientation": "passive",
         "status": "active"},
    ],
    "contract": [{"company_id": "C1", "contract_id": "K1", "account_id": "A1"}],
    "document": [
        {"company_id": "C1", "document_id": "D1", "account_id": "A1", "kind": "invoice", "issued_on": "2024-05-01",
         "currency": "CNY", "amount": "1000", "due_on": "2024-06-01", "contract_id": "K1"},
        {"company_id": "C1", "document_id": "D2", "account_id": "A2", "kind": "invoice", "issued_on": "2024-05-02",
         "currency": "CNY", "amount": "600"},
        {"company_id": "C1", "document_id": "N1", "account_id": "A1", "kind": "credit_note", "issued_on": "2024-05-03",
         "currency": "CNY", "amount": "100", "references_document_id": "D1"},
        {"company_id": "C1", "document_id": "U1", "account_id": "A2", "kind": "opening_balance",
         "issued_on": "2024-01-01", "currency": "USD", "amount": "50", "due_on": "2024-01-31"},
    ],
    "instalment": [
        {"company_id": "C1", "document_id": "D2", "seq": 1, "due_on": "2024-06-02", "amount": "400"},
        {"company_id": "C1", "document_id": "D2", "seq": 2, "due_on": "2025-06-02", "amount": "200",
         "is_retention": True},
    ],
    "receipt": [
        {"company_id": "C1", "receipt_id": "P1", "account_id": "A1", "received_on": "2024-06-10", "currency": "CNY",
         "amount": "500", "method": "bank_transfer"},
    ],
    "allocation": [
        {"company_id": "C1", "allocation_id": "L1", "source_kind": "receipt", "source_id": "P1", "document_id": "D1",
         "amount": "300", "allocated_on": "2024-06-10"},
        {"company_id": "C1", "allocation_id": "L2", "source_kind": "receipt", "source_id": "P1", "document_id": "D2",
         "amount": "100", "allocated_on": "2024-06-11", "seq": 1},
        {"company_id": "C1", "allocation_id": "L3", "source_kind": "credit_note", "source_id": "N1",
         "document_id": "D1", "amount": "100", "allocated_on": "2024-06-12"},
        {"company_id": "C1", "allocation_id": "L4", "source_kind": "write_off", "source_id": "W1", "document_id": "D1",
         "amount": "50", "allocated_on": "2024-06-13"},
    ],
    "dispute": [
        {"company_id": "C1", "dispute_id": "S1", "document_id": "D1", "opened_on": "2024-06-05", "amount": "200",
         "resolved_on": "2024-06-20"},
    ],
    "promise": [
        {"company_id": "C1", "promise_id": "M1", "account_id": "A1", "currency": "CNY", "amount": "100",
         "made_on": "2024-06-15", "promised_for": "2024-06-30", "document_id": "D1"},
    ],
    "contact": [{"company_id": "C1", "contact_id": "T1", "account_id": "A1", "role": "payer", "name": "Zhou"}],
    "evidence": [
        {"company_id": "C1", "evidence_id": "E1", "account_id": "A1", "kind": "contract", "obtained_on": "2024-05-01",
         "document_id": "D1"},
    ],
    "contact_log": [
        {"company_id": "C1", "log_id": "G1", "account_id": "A1", "contacted_at": "2024-06-20 02:00:00+00",
         "channel": "phone", "outcome": "reached", "rep_id": "R1"},
    ],
    "target": [
        {"company_id": "C1", "month": "2024-07-01", "account_id": "A1", "currency": "CNY", "amount": "500"},
    ],
    "measure": [
        {"company_id": "C1", "measure_id": "B1", "month": "2024-07-01", "account_id": "A1", "kind": "visit",
         "expected_uplift": "100", "currency": "CNY"},
    ],
    "coverage": [{"rep_id": "R1", "covered_by": "R2", "from_on": "2024-07-01", "to_on": "2024-07-05"}],
    "fx_rate": [{"on_date": "2024-06-28", "from_currency": "USD", "to_currency": "CNY", "rate": "7.25"}],
    "control_total": [
        {"company_id": "C1", "as_of": "2024-06-30", "currency": "CNY", "balance": "950"},
        {"company_id": "C1", "as_of": "2024-06-30", "currency": "USD", "balance": "50"},
    ],
    "load_log": [{"table_name": "receipt", "complete_through": "2024-06-30"}],
}  # fmt: skip
"""One row or two of everything, without a fault, tied out: 1000 + 600 − 100 − 500 − 50 = 950 CNY, and 50 USD."""


def sound() -> Ledger:
    """A copy to spoil."""
    return deepcopy(SOUND)


def core() -> Ledger:
    """The sound ledger's money alone, judged in half the time."""
    kept = ("company", "account", "document", "instalment", "receipt", "allocation", "control_total", "load_log")
    return {table: rows for table, rows in sound().items() if table in kept}


@dataclass(frozen=True)
class Files:
    """What validation needs of a snapshot: the files, by table."""

    folder: Path
    snapshot_id: str = "20240701-s1"

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def has(self, table: str) -> bool:
        return self.path(table).exists()


def write(ledger: Ledger, folder: Path) -> Files:
    """Each table as Parquet with the contract's columns and types; columns that a row lacks are null."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, rows in ledger.items():
            columns = list(TABLES[name].columns)
            listed = ", ".join(f"{column.name} {duckdb_type(column)}" for column in columns)
            connection.execute(f"CREATE TABLE {name} ({listed})")
            if rows:
                marks = ", ".join("?" for _ in columns)
                values = [[row.get(column.name) for column in columns] for row in rows]
                connection.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
            connection.execute(f"COPY {name} TO '{folder / name}.parquet' (FORMAT parquet)")
    return Files(folder)


def night(
    ledger: Ledger,
    folder: Path,
    policy: GatePolicy = POLICY,
    volumes: dict[str, list[int]] | None = None,
    history: Sequence[PastNight] = (),
) -> Validation:
    """Validate a ledger for the night of 1 July 2024 below ``folder``."""
    files = write(ledger, folder / "snapshot")
    return validate(files, NIGHT, policy, volumes or {}, folder / "quality", history=history)  # type: ignore[arg-type]


def gate_alone(
    ledger: Ledger,
    folder: Path,
    policy: GatePolicy = POLICY,
    volumes: dict[str, list[int]] | None = None,
) -> Validation:
    """What the gate says of a ledger in which no row is at fault: the same, without judging row by row first."""
    files = write(ledger, folder / "snapshot")
    with relations.open_relations({table: files.path(table) for table in ledger}, AS_OF, folder) as connection:
        relations.prepare_facts(connection)
        gate, _, results = decide(connection, AS_OF, policy, volumes or {}, set(ledger))
    return Validation(gate, results, folder)


def failed(validation: Validation) -> dict[str, int]:
    """Rule id → failed rows, of the rules about rows (not of the gate's own checks)."""
    return {
        result.rule_id: result.failed_count
        for result in validation.results
        if result.failed_count and result.severity != "info" and not result.rule_id.startswith("gate.")
    }


def quarantined(validation: Validation) -> list[tuple[str, int, str, str]]:
    """(table, row, rule, reason) of the quarantine."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT table_name, row_number, rule_id, reason FROM '{validation.folder / 'quarantine.parquet'}'"
        ).fetchall()
