"""What one night published, and the ledger's rows behind it, by account: read from sealed files, never from a database.

Published rows come from the sealed files of the run, names and papers from the verified snapshot it was computed from.
Rows that validation quarantined are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TypeVar

import duckdb
from sqlalchemy import Table

from huikuan.columns import duckdb_type
from huikuan.engine.graph import needed_for
from huikuan.errors import LetterError
from huikuan.ledger import duck
from huikuan.ledger import snapshot as snapshots
from huikuan.ledger.contract import INPUTS
from huikuan.night import lake as lakes
from huikuan.warehouse.tables import RESULTS

AccountKey = tuple[str, str]
"""(company_id, account_id)"""
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class NightFiles:
    """The verified files of one run: results by table, ledger tables by name, rows to leave out."""

    identity: lakes.RunIdentity
    results: dict[str, Path]
    ledger: dict[str, Path]
    quarantine: Path


def open_night(lake: Path, run_id: str) -> NightFiles:
    """The files of a finished run and of its snapshot, every one checked against its hash.

    Raises SnapshotError when one is missing or damaged.
    """
    identity = lakes.read_identity(lake, run_id)
    folder = lakes.run_folder(lake, run_id)
    lakes.check_quality(folder)
    taken = snapshots.load(lake, identity.snapshot_id)
    return NightFiles(
        identity=identity,
        results=lakes.sealed_tables(lake, run_id),
        ledger={name: file.path for name, file in taken.tables.items()},
        quarantine=folder / "quality" / "quarantine.parquet",
    )


def grouped(
    con: duckdb.DuckDBPyConnection, kind: type[_Row], query: Path, as_of: date
) -> dict[AccountKey, tuple[_Row, ...]]:
    """Rows of one query by account, in its order; its columns after the account's key are the fields of ``kind``.

    Raises LetterError when it yields anything else.
    """
    result = con.execute(query.read_text(encoding="utf-8").replace("$as_of", f"DATE '{as_of}'"))
    yielded = [column[0] for column in result.description or ()]
    asked = ["company_id", "account_id", *(field.name for field in fields(kind))]  # type: ignore[arg-type]
    if yielded != asked:
        raise LetterError(
            f"{query.name} yields {', '.join(yielded)}.", f"It must yield {', '.join(asked)}, in this order: {query}."
        )
    found: dict[AccountKey, list[_Row]] = {}
    for company_id, account_id, *values in result.fetchall():
        found.setdefault((company_id, account_id), []).append(kind(*values))
    return {key: tuple(group) for key, group in found.items()}


@contextmanager
def session(night: NightFiles, keys: Collection[AccountKey] | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with schemas ``ledger`` and ``night``: a view per table, empty where there is no file.

    With ``keys`` the views hold the rows of these accounts only, and table ``wanted`` the keys.
    """
    with duck.connect(None) as con:
        con.execute("CREATE SCHEMA ledger")
        con.execute("CREATE SCHEMA night")
        con.execute("CREATE TABLE wanted (company_id VARCHAR, account_id VARCHAR)")
        if keys:
            pairs = ", ".join(f"({duck.text(company)}, {duck.text(account)})" for company, account in sorted(keys))
            con.execute(f"INSERT INTO wanted VALUES {pairs}")
        con.execute(
            "CREATE TABLE quarantined AS SELECT DISTINCT table_name, row_number"
            f" FROM read_parquet({duck.pattern(night.quarantine)})"
        )
        for schema, tables, files in (("ledger", INPUTS, night.ledger), ("night", RESULTS, night.results)):
            for name, table in tables.items():
                con.execute(f"CREATE VIEW {schema}.{name} AS {_rows(con, schema, table, files.get(name), keys)}")
        yield con


def add_model(con: duckdb.DuckDBPyConnection, night: NightFiles, name: str) -> None:
    """A view of a model of the night, and of those that it reads, on the rows of a session that they all find there.

    So what counts as a paper, or who is above whom, is said once: for the night and for its letters.
    """
    for model in needed_for([name]):
        con.execute(f"CREATE VIEW {model.name} AS {model.text(night.identity.business_date)}")


def _rows(
    con: duckdb.DuckDBPyConnection, schema: str, table: Table, path: Path | None, keys: Collection[AccountKey] | None
) -> str:
    """The contract's columns of one file; a column that a run of an earlier version did not write is empty."""
    written = duck.columns_of(con, f"read_parquet({duck.pattern(path)})") if path else {}
    columns = ", ".join(
        duck.name(c.name) if c.name in written else f"CAST(NULL AS {duckdb_type(c)}) AS {duck.name(c.name)}"
        for c in table.columns
    )
    if path is None:
        return f"SELECT {columns} WHERE false"
    where = ["true"]
    if schema == "ledger":
        same = f"q.table_name = {duck.text(table.name)} AND q.row_number = t.file_row_number"
        where.append(f"NOT EXISTS (SELECT 1 FROM quarantined AS q WHERE {same})")
    if keys is not None and "account_id" in table.columns:
        where.append("(company_id, account_id) IN (SELECT (company_id, account_id) FROM wanted)")
    source = f"read_parquet({duck.pattern(path)}, file_row_number = true) AS t"
    return f"SELECT {columns} FROM {source} WHERE {' AND '.join(where)}"
