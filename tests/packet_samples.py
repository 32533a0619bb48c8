"""A night with something to refer to lawyers, laid straight into a lake: ledger rows, results, nothing computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Table

from huikuan.columns import duckdb_type
from huikuan.ledger import snapshot as snapshots
from huikuan.ledger.contract import OWN_TABLES, TABLES
from huikuan.ledger.source import open_source
from huikuan.night import lake as lakes
from huikuan.policy import Policy, load_policy
from huikuan.settings import DEFAULT_POLICY
from huikuan.warehouse.tables import RESULTS

DAY = date(2026, 6, 30)
AS_OF = date(2026, 6, 29)
OBTAINED = date(2026, 3, 9)
KEY = ("CN", "A-100")
ENGLISH = ("GB", "B-200")
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def _invoice(document_id: str, number: str, amount: int, issued_on: date, due_on: date) -> dict[str, Any]:
    return {
        "document_id": document_id,
        "number": number,
        "amount": amount,
        "issued_on": issued_on,
        "due_on": due_on,
    }


LEDGER: dict[str, list[dict[str, Any]]] = {
    "company": [
        {
            "company_id": "CN",
            "name": "华东恒启工业股份有限公司",
            "functional_currency": "CNY",
            "timezone": "Asia/Shanghai",
            "calendar": "CN",
        },
        {
            "company_id": "GB",
            "name": "Northgate Supplies Ltd",
            "functional_currency": "GBP",
            "timezone": "Europe/London",
            "calendar": "GB",
        },
    ],
    "rep": [
        {"rep_id": "R1", "name": "李伟", "email": "li@example.test", "manager_id": "M1"},
        {"rep_id": "M1", "name": "陈静", "email": "chen@example.test", "role": "manager"},
    ],
    "account": [
        {
            "company_id": "CN",
            "account_id": "A-100",
            "name": "杭州钱塘机电设备有限公司",
            "rep_id": "R1",
            "locale": "zh_CN",
            "country": "CN",
            "tax_id": "91330000MA27X00001",
            "verified_on": date(2025, 3, 4),
        },
        {
            "company_id": "GB",
            "account_id": "B-200",
            "name": "O'Neill <Marine> & Sons",
            "rep_id": "R1",
            "locale": "en",
            "country": "GB",
            "tax_id": "GB123456789",
        },
    ],
    "contract": [
        {
            "company_id": "CN",
            "contract_id": "CT-1",
            "account_id": "A-100",
            "project": "2026年度框架采购",
            "specification": "变频控制柜",
            "quantity": 40,
            "amount": 500000,
            "signed_on": date(2025, 12, 1),
            "acceptance_criteria": "到货七日内验收",
            "acceptance_method": "双方签字验收单",
            "accepted_on": date(2026, 2, 10),
            "payment_method": "电汇",
            "demand_trigger": "开票后60天",
        }
    ],
    "document": [
        {
            "document_id": "D-1",
            "number": "INV-1",
            "amount": 10000,
            "issued_on": date(2026, 2, 1),
            "due_on": date(2026, 5, 30),
        },
        {
            "document_id": "D-2",
            "number": "INV-2",
            "amount": 5000,
            "issued_on": date(2026, 3, 1),
            "due_on": date(2026, 4, 30),
        },
        {
            "document_id": "D-3",
            "number": "INV-3",
            "amount": 900,
            "issued_on": date(2026, 6, 1),
            "due_on": date(2026, 7, 31),
        },
        {**_invoice("D-4", "INV-4", 2000, date(2026, 3, 5), date(2026, 5, 15)), "currency": "USD"},
        {
            "document_id": "CR-1",
            "kind": "credit_note",
            "amount": 250,
            "issued_on": date(2026, 4, 2),
            "references_document_id": "D-2",
        },
        {
            "company_id": "GB",
            "account_id": "B-200",
            "document_id": "S-1",
            "amount": 2000,
            "issued_on": date(2026, 3, 1),
            "due_on": date(2026, 5, 15),
            "currency": "GBP",
            "contract_id": None,
        },
    ],
    "receipt": [
        {
            "receipt_id": "RC-1",
            "received_on": date(2026, 3, 20),
            "amount": 1000,
            "currency": "CNY",
            "method": "bank_transfer",
        },
        {"receipt_id": "RC-LATE", "received_on": DAY, "amount": 77, "currency": "CNY"},
    ],
    "allocation": [
        {
            "allocation_id": "W-1",
            "source_kind": "write_off",
            "source_id": "WO-1",
            "document_id": "D-2",
            "amount": 50,
            "allocated_on": date(2026, 6, 1),
        }
    ],
    "dispute": [
        {
            "dispute_id": "DI-1",
            "document_id": "D-2",
            "opened_on": date(2026, 5, 4),
            "amount": 1200,
            "reason_code": "product",
            "owner_rep_id": "R1",
            "resolve_by": date(2026, 7, 10),
        }
    ],
    "promise": [
        {
            "promise_id": "P-1",
            "amount": 4000,
            "currency": "CNY",
            "made_on": date(2026, 5, 6),
            "promised_for": date(2026, 5, 20),
            "document_id": "D-2",
        }
    ],
    "contact": [
        {"contact_id": "K-1", "role": "decision_maker", "name": "罗总", "phone": "+86 100 0001"},
        {"contact_id": "K-2", "role": "acceptor", "name": "曹工"},
        {"contact_id": "K-3", "role": "payer", "name": "顾会计", "email": "ap@a100.example"},
    ],
    "evidence": [
        {"evidence_id": "E-0", "kind": "contract", "obtained_on": date(2025, 12, 2)},
        {"evidence_id": "E-9", "kind": "stamped_statement", "obtained_on": date(2026, 5, 12)},
        {"evidence_id": "E-8", "kind": "correspondence", "obtained_on": date(2026, 6, 3)},
        *(
            {
                "evidence_id": f"{kind}-{document}",
                "kind": kind,
                "obtained_on": date(2026, 3, 9),
                "document_id": document,
            }
            for kind in ("delivery_note", "acceptance_certificate", "tax_invoice")
            for document in ("D-1", "D-2", "D-4")
        ),
    ],
    "contact_log": [
        {
            "log_id": "L-1",
            "contacted_at": datetime(2026, 5, 6, 1, 30, tzinfo=UTC),
            "channel": "phone",
            "outcome": "promised",
            "rep_id": "R1",
            "reason_code": "customer_habit",
            "note": "顾会计：月底统一付款。",
            "next_step_on": date(2026, 5, 21),
        },
        {
            "log_id": "L-2",
            "contacted_at": datetime(2026, 6, 10, 2, 0, tzinfo=UTC),
            "channel": "letter",
            "outcome": "delivered",
            "rep_id": "R1",
        },
        {
            "log_id": "L-LATE",
            "contacted_at": datetime(2026, 6, 30, 0, 30, tzinfo=UTC),
            "channel": "phone",
            "outcome": "spoke",
            "note": "after the close of books",
        },
    ],
}
"""Rows by table. What is not said is account A-100 of company CN, in CNY, under contract CT-1."""

OWN: dict[str, list[dict[str, Any]]] = {
    "notice": [{"message_id": "<m-1@example.test>", "kind": "notice", "sent_on": date(2026, 5, 25)}],
    "referral_decision": [
        {
            "batch_id": "20260625-abc",
            "flag": "legal_referral",
            "choice": "approved",
            "proposed_by": "policy:2026.2",
            "decided_by": "M1",
            "decided_on": date(2026, 6, 25),
            "decided_at": datetime(2026, 6, 25, 2, 0, tzinfo=UTC),
        }
    ],
    "sanction_override": [
        {
            "override_id": "O-1",
            "effect": "exempt",
            "author": "M1",
            "reason": "等待春节后付款",
            "from_on": date(2026, 3, 1),
            "expires_on": date(2026, 3, 20),
        }
    ],
}

RESULT: dict[str, list[dict[str, Any]]] = {
    "open_item": [
        {"document_id": "D-1", "due_on": date(2026, 5, 30), "amount": 10000, "days_past_due_as_of": 30},
        {
            "document_id": "D-2",
            "due_on": date(2026, 4, 30),
            "amount": 5000,
            "open_amount": 4950,
            "net_amount": 4700,
            "disputed_amount": 1200,
            "collectable_amount": 3500,
            "days_past_due_as_of": 60,
        },
        {"document_id": "D-3", "due_on": date(2026, 7, 31), "amount": 900, "days_past_due_as_of": 0},
        {
            "document_id": "D-4",
            "due_on": date(2026, 5, 15),
            "amount": 2000,
            "currency": "USD",
            "days_past_due_as_of": 45,
        },
        {
            "company_id": "GB",
            "account_id": "B-200",
            "document_id": "S-1",
            "due_on": date(2026, 5, 15),
            "amount": 2000,
            "currency": "GBP",
            "days_past_due_as_of": 45,
        },
    ],
    "account_status": [
        {
            "stage": "M2",
            "risk_grade": "D",
            "pattern": "excuses",
            "arrears_nature": "non_malicious",
            "oldest_due_on": date(2026, 4, 30),
            "ladder_step": "legal_referral",
        },
        {"company_id": "GB", "account_id": "B-200", "stage": "M2", "risk_grade": "C"},
    ],
    "decision_reason": [
        {
            "decision": "ladder",
            "rule_id": "ladder.end",
            "inputs": '{"reached_on": "2026-06-25", "evidence": "contact_log:L-2"}',
            "outcome": "legal_referral",
        }
    ],
    "account_flag": [
        {
            "flag": "legal_referral",
            "state": "active",
            "since": date(2026, 6, 26),
            "decided_by": "M1",
            "decided_at": datetime(2026, 6, 25, 2, 0, tzinfo=UTC),
            "reason": "legal_referral.late_and_large",
            "evidence": "flag:reputation_notice",
            "evidence_on": date(2026, 6, 11),
            "proposed_by": "policy:2026.2",
        },
        {
            "company_id": "GB",
            "account_id": "B-200",
            "flag": "legal_referral",
            "state": "approved",
            "since": DAY,
            "reason": "legal_referral.late_and_large",
        },
    ],
    "promise_status": [
        {
            "promise_id": "P-1",
            "state": "broken",
            "received_amount": 0,
            "level": 1,
            "amount": 4000,
            "promised_for": date(2026, 5, 20),
        }
    ],
}
_DEFAULTS: dict[str, Any] = {"company_id": "CN", "account_id": "A-100", "currency": "CNY"}
_OF_TABLE: dict[str, dict[str, Any]] = {
    "document": {"kind": "invoice", "contract_id": "CT-1"},
    "open_item": {"seq": 1, "disputed_amount": 0, "days_past_due": 0, "stage": "M2", "bucket": "d31_60"},
    "account_status": {"segment": "standard", "risk_score": 50, "is_over_limit": False},
}


def changed(rows: Rows, **changes: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows with whole tables replaced."""
    return {name: [dict(row) for row in changes.get(name, rows.get(name, ()))] for name in {*rows, *changes}}


def without(rows: Rows, table: str, **match: Any) -> dict[str, list[dict[str, Any]]]:
    """Rows less those of one table that have these values."""
    left = [row for row in rows[table] if any(row.get(name) != value for name, value in match.items())]
    return changed(rows, **{table: left})


def updated(rows: Rows, table: str, match: Mapping[str, Any], **values: Any) -> dict[str, list[dict[str, Any]]]:
    """Rows with some values of matching rows replaced."""
    fresh = [
        {**row, **values} if all(row.get(name) == value for name, value in match.items()) else row
        for row in rows[table]
    ]
    return changed(rows, **{table: fresh})


@cache
def policy() -> Policy:
    """The policy that ships."""
    return load_policy(DEFAULT_POLICY)


def night(
    home: Path, ledger: Rows = LEDGER, result: Rows = RESULT, *, own: Rows = OWN, quarantined: Sequence[Any] = ()
) -> tuple[Path, str]:
    """A lake with one finished run of DAY; returns the lake and the run's id. ``quarantined``: (table, row number)."""
    lake, source = home / "lake", home / "ledger"
    _write(source, TABLES, {name: ledger.get(name, ()) for name in TABLES})
    taken = snapshots.take(open_source(str(source), None), lake, DAY, own=_Own(home / "own", own))
    identity = lakes.RunIdentity(
        business_date=DAY,
        snapshot_id=taken.snapshot_id,
        snapshot_hash="0" * 64,
        previous_run_id=None,
        policy_version=policy().version,
        policy_hash=policy().hash,
        code_version="test",
        volumes_hash="0" * 64,
        is_backfill=False,
    )
    folder = lakes.write_identity(lake, identity, DEFAULT_POLICY)
    _quality(folder / "quality", quarantined)
    lakes.seal_tables(folder, _results(folder / "made", result, identity.run_id))
    lakes.link_results(lake, identity.run_id)
    return lake, identity.run_id


class _Own:
    """Facts of the warehouse, from files instead."""

    label = "own facts of a test"

    def __init__(self, folder: Path, rows: Rows) -> None:
        self._files = _write(folder, OWN_TABLES, {name: rows.get(name, ()) for name in OWN_TABLES})

    def fingerprint(self) -> str:
        return "own"

    def tables(self) -> list[str]:
        return list(self._files)

    def write(self, table: str, target: Path) -> None:
        target.write_bytes(self._files[table].read_bytes())

    def close(self) -> None:
        """Nothing is open."""


def _results(folder: Path, rows: Rows, run_id: str) -> Path:
    completed = {
        name: [
            {"business_date": DAY, "as_of": AS_OF, "run_id": run_id, **_amounts(name, row)}
            for row in rows.get(name, ())
        ]
        for name in RESULTS
    }
    _write(folder, RESULTS, completed)
    return folder


def _amounts(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """An open item owes all of its amount unless said otherwise."""
    if table != "open_item":
        return dict(row)
    whole = dict.fromkeys(("open_amount", "net_amount", "collectable_amount"), row["amount"])
    return {"is_retention": False, **whole, **row}


def _quality(folder: Path, quarantined: Sequence[Any]) -> None:
    folder.mkdir(parents=True)
    (folder / "gate.json").write_text('{"state": "open", "reasons": []}', encoding="utf-8")
    rows = [
        {"business_date": DAY, "as_of": AS_OF, "run_id": "x", "table_name": table, "row_number": number}
        for table, number in quarantined
    ]
    _write(folder, {name: RESULTS[name] for name in ("quarantine", "data_quality")}, {"quarantine": rows})
    lakes.seal_quality(folder.parent)


def _write(folder: Path, tables: Mapping[str, Table], rows: Rows) -> dict[str, Path]:
    """One Parquet file per table, columns as the contract has them."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    with duckdb.connect() as connection:
        for name, table in tables.items():
            columns = list(table.columns)
            unknown = {key for row in rows.get(name, ()) for key in row} - {column.name for column in columns}
            assert not unknown, f"{name} has no column {unknown}"
            typed = ", ".join(f'"{c.name}" {duckdb_type(c)}' for c in columns)
            connection.execute(f"CREATE TABLE {name} ({typed})")
            defaults = {key: value for key, value in _DEFAULTS.items() if key in table.columns and name != "account"}
            for row in rows.get(name, ()):
                whole = {**defaults, **_OF_TABLE.get(name, {}), **row}
                marks = ", ".join("?" for _ in columns)
                connection.execute(f"INSERT INTO {name} VALUES ({marks})", [whole.get(c.name) for c in columns])
            files[name] = folder / f"{name}.parquet"
            connection.execute(f"COPY {name} TO '{files[name]}' (FORMAT parquet)")
    return files


def money(text: str) -> Decimal:
    """An amount as rows hold it."""
    return Decimal(text).quantize(Decimal("0.0001"))
