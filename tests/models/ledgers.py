"""Small ledgers written by hand: rows as mappings, everything not said filled with a plain default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from huikuan.columns import duckdb_type
from huikuan.engine import duck
from huikuan.engine.graph import deciding_models, load_models
from huikuan.ledger.contract import INPUTS
from huikuan.policy import Policy
from huikuan.warehouse.tables import RESULTS

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

DEFAULTS: dict[str, dict[str, Any]] = {
    "company": {
        "company_id": "C1",
        "name": "Test Co",
        "functional_currency": "CNY",
        "timezone": "Asia/Shanghai",
        "calendar": "CN",
    },
    "rep": {"name": "Rep", "email": "rep@example.com"},
    "account": {"company_id": "C1", "name": "Customer", "rep_id": "R1"},
    "document": {"company_id": "C1", "account_id": "A1", "kind": "invoice", "currency": "CNY"},
    "instalment": {"company_id": "C1"},
    "receipt": {"company_id": "C1", "account_id": "A1", "currency": "CNY"},
    "allocation": {"company_id": "C1", "source_kind": "receipt"},
    "dispute": {"company_id": "C1"},
    "promise": {"company_id": "C1", "account_id": "A1", "currency": "CNY"},
    "fx_rate": {"to_currency": "CNY"},
    "contact_log": {"company_id": "C1", "account_id": "A1"},
    "contact": {"company_id": "C1", "account_id": "A1", "name": "Somebody"},
    "evidence": {"company_id": "C1", "account_id": "A1"},
    "statement": {"company_id": "C1", "account_id": "A1"},
    "statement_reply": {"company_id": "C1", "account_id": "A1"},
    "target": {"company_id": "C1", "account_id": "A1", "currency": "CNY"},
}
MASTER: dict[str, list[dict[str, Any]]] = {
    "company": [{}],
    "rep": [{"rep_id": "R1", "manager_id": "R2"}, {"rep_id": "R2", "role": "manager"}],
    "account": [{"account_id": "A1"}],
}


def complete(rows: Rows, business_date: date) -> dict[str, list[dict[str, Any]]]:
    """Rows with defaults; documents without dates were issued a year ago, allocations happen on their receipt's day.

    A statement was approved on the day on which it was sent.
    """
    ledger = {
        table: [{**DEFAULTS.get(table, {}), **row} for row in [*rows.get(table, MASTER.get(table, []))]]
        for table in {"document", "receipt", "allocation", *MASTER, *rows}
    }
    long_ago = business_date - timedelta(days=365)
    for document in ledger["document"]:
        document.setdefault("issued_on", min(long_ago, document.get("due_on") or long_ago))
    received = {row["receipt_id"]: row["received_on"] for row in ledger["receipt"]}
    for number, allocation in enumerate(ledger["allocation"]):
        allocation.setdefault("allocation_id", f"auto-{number}")
        allocation.setdefault("allocated_on", received.get(allocation["source_id"], business_date - timedelta(days=1)))
    for statement in ledger.get("statement", []):
        day = statement.setdefault("approved_on", statement.get("sent_on") or statement["cut_off"])
        statement.setdefault("approved_at", f"{day} 01:00:00+00")
    if rows.get("allocation") == []:
        ledger["allocation"] = []
    return ledger


def write(ledger: Rows, folder: Path) -> dict[str, Path]:
    """One Parquet file per table in the contract's types."""
    files: dict[str, Path] = {}
    with duckdb.connect() as connection:
        for name, rows in ledger.items():
            columns = list(INPUTS[name].columns)
            definition = ", ".join(f'"{column.name}" {duckdb_type(column)}' for column in columns)
            connection.execute(f"CREATE TABLE {name} ({definition})")
            unknown = {key for row in rows for key in row} - {column.name for column in columns}
            assert not unknown, f"{name} has no column {unknown}"
            if rows:
                connection.executemany(
                    f"INSERT INTO {name} VALUES ({', '.join('?' for _ in columns)})",
                    [[row.get(column.name) for column in columns] for row in rows],
                )
            files[name] = folder / f"{name}.parquet"
            connection.execute(f"COPY {name} TO '{files[name]}'")
    return files


@contextmanager
def classified(
    rows: Rows,
    business_date: date,
    policy: Policy,
    folder: Path,
    *,
    previous: Path | None = None,
    opening: Path | None = None,
    without: Sequence[str] = (),
    with_figures: bool = True,
    prepare: Callable[[duckdb.DuckDBPyConnection], object] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The models run on these rows, every invariant checked; tables named in ``without`` do not exist at all.

    ``with_figures`` false leaves out the figures of finance: decisions do not need them, and are made in half the time.
    ``prepare`` may change relations of the policy before the models run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = write(complete(rows, business_date), folder)
    inputs = duck.Inputs(
        business_date=business_date,
        policy=policy,
        ledger={name: path for name, path in files.items() if name not in without},
        previous=previous,
        opening=opening,
    )
    with duck.session(inputs, RESULTS) as connection:
        if prepare is not None:
            prepare(connection)
        duck.run_models(connection, business_date, load_models() if with_figures else deciding_models())
        duck.check_invariants(connection, business_date, with_figures=with_figures)
        yield connection


def fetch(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Rows as mappings."""
    result = connection.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
