"""The models on DuckDB: relations in, Parquet files out, invariants checked in between.

A session holds schemas ``ledger``, ``policy``, ``previous`` and ``opening``; models become tables or views of its main
schema. All of it lives in memory up to ``memory_limit`` and spills to a folder of its own after that.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
from sqlalchemy import Table

from huikuan.columns import duckdb_type, key_columns
from huikuan.engine.graph import Model, load_models
from huikuan.errors import InvariantError, ModelError
from huikuan.ledger.contract import INPUTS, TABLES
from huikuan.policy.model import Policy
from huikuan.policy.relations import relations
from huikuan.settings import INCLUDE

INVARIANTS = INCLUDE / "sql" / "invariants"
DEFAULT_MEMORY = "2GB"
Report = Callable[[str, int, float], None]
"""Called after each model with its name, its rows (−1 for a view) and the seconds it took."""


@dataclass(frozen=True)
class Inputs:
    """What a night is computed from.

    ``ledger`` maps contract tables to Parquet files; ``quarantine`` names rows to leave out (table_name, row_number);
    ``previous`` is the folder of the result files of the night before, None on the first night; ``opening`` that of the
    last night of an earlier month, and ``locked`` that of the run to read instead for a company whose closed month pins
    it. ``gate`` is what
    validation decided. ``only`` narrows ledger and previous results to one (company_id, account_id): the whole chain of
    one account, without what depends on its neighbours (ranks, the cap on new sanctions). ``left_out`` is what the rows
    in quarantine would add to the balance of a company and currency.
    """

    business_date: date
    policy: Policy
    ledger: Mapping[str, Path]
    quarantine: Path | None = None
    previous: Path | None = None
    opening: Path | None = None
    locked: Mapping[str, Path] = field(default_factory=dict)
    gate: str = "open"
    only: tuple[str, str] | None = None
    left_out: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


@contextmanager
def session(
    inputs: Inputs, results: Mapping[str, Table], memory: str = DEFAULT_MEMORY
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that holds the inputs' relations; ``results`` is the output contract, for tables not there yet."""
    with tempfile.TemporaryDirectory(prefix="huikuan-duckdb-") as spill, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute(f"SET temp_directory = {_text(spill)}")
        connection.execute("SET preserve_insertion_order = false")
        _settle(connection)
        for schema in ("ledger", "policy", "previous", "opening"):
            connection.execute(f"CREATE SCHEMA {schema}")
        _attach_ledger(connection, inputs)
        _attach_policy(connection, inputs)
        _attach_previous(connection, inputs, results)
        _attach_opening(connection, inputs, results)
        yield connection


def _settle(connection: duckdb.DuckDBPyConnection) -> None:
    """What each connection to a session needs for itself."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # it breaks up logs; the night says how far it is itself


def variant(
    connection: duckdb.DuckDBPyConnection, name: str, inputs: Inputs, results: Mapping[str, Table]
) -> duckdb.DuckDBPyConnection:
    """A second connection to a session, with the policy and the night before of ``inputs`` instead of the session's.

    Models run on it are made in an in-memory database called ``name``. A relation that they read is looked for there
    first, then in the session: what both have in common is computed once. The ledger is the session's.
    """
    cursor = connection.cursor()
    _settle(cursor)
    cursor.execute(f"ATTACH ':memory:' AS {name}")
    for schema in ("policy", "previous"):
        cursor.execute(f"CREATE SCHEMA {name}.{schema}")
    cursor.execute(f"SET search_path = '{name}.main,memory.main,memory.ledger'")
    _attach_policy(cursor, inputs)
    _attach_previous(cursor, inputs, results)
    return cursor


def replace_previous(connection: duckdb.DuckDBPyConnection, inputs: Inputs, results: Mapping[str, Table]) -> None:
    """Let a session read the night before of ``inputs``; models that ran already keep their rows."""
    connection.execute("DROP SCHEMA previous CASCADE")
    connection.execute("CREATE SCHEMA previous")
    _attach_previous(connection, inputs, results)


def run_models(
    connection: duckdb.DuckDBPyConnection,
    business_date: date,
    models: Sequence[Model] | None = None,
    report: Report | None = None,
) -> dict[str, int]:
    """Run every model in order; rows per table. Raises ModelError naming the file when one fails."""
    counts: dict[str, int] = {}
    for model in models if models is not None else load_models():
        started = time.perf_counter()
        try:
            connection.execute(f"CREATE {model.materialise} {model.name} AS {model.text(business_date)}")
        except duckdb.Error as error:
            raise ModelError(f"{model.path} fails: {error}", "Mend the model; its inputs are named in it.") from error
        rows = -1
        if model.materialise == "table":
            rows = counts[model.name] = _count(connection, model.name)
        if report:
            report(model.name, rows, time.perf_counter() - started)
    return counts


def check_invariants(
    connection: duckdb.DuckDBPyConnection, business_date: date, *, with_figures: bool = True
) -> list[str]:
    """Names of the invariants that hold. Raises InvariantError with the first offending rows of one that does not.

    Without the figures of finance, only what decisions about accounts must hold is looked at.
    """
    names: list[str] = []
    for path in sorted(INVARIANTS.glob("**/*.sql" if with_figures else "*.sql")):
        model = Model(path.stem, "invariants", path, path.read_text(encoding="utf-8"), "view", frozenset(), frozenset())
        rows = connection.execute(f"SELECT * FROM ({model.text(business_date).rstrip()}) LIMIT 5").fetchall()
        if rows:
            raise InvariantError(
                f"The results break {path.stem}; first offenders: {rows}.",
                f"Nothing was published. {path} says what must hold; look for the model that broke it.",
            )
        names.append(path.stem)
    return names


def write_results(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    results: Mapping[str, Table],
    *,
    business_date: date,
    run_id: str,
) -> dict[str, int]:
    """One Parquet file per result table that a model yields, columns cast to the output contract; rows per table.

    Raises ModelError when a model lacks a column of its table, or has a null or a double key where it may not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    made = {
        row[0]
        for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()
    }
    for name, table in results.items():
        if name in made:
            counts[name] = _write(connection, folder / f"{name}.parquet", table, business_date, run_id)
    return counts


def _write(connection: duckdb.DuckDBPyConnection, path: Path, table: Table, business_date: date, run_id: str) -> int:
    yielded = {row[0] for row in connection.execute(f"DESCRIBE {table.name}").fetchall()}
    constant = {
        "business_date": f"CAST('{business_date}' AS DATE)",
        "as_of": f"CAST('{business_date - timedelta(days=1)}' AS DATE)",
        "run_id": _text(run_id),
    }
    missing = [column.name for column in table.columns if column.name not in yielded | set(constant)]
    if missing:
        raise ModelError(
            f"Model {table.name} does not yield {', '.join(missing)}.", "Add what the output contract asks."
        )
    _check_key(connection, table, constant)
    columns = ", ".join(
        f"CAST({constant.get(column.name, _name(column.name))} AS {duckdb_type(column)}) AS {_name(column.name)}"
        for column in table.columns
    )
    connection.execute(f"COPY (SELECT {columns} FROM {table.name}) TO {_text(path)} (FORMAT parquet, COMPRESSION zstd)")
    return _count(connection, table.name)


def _check_key(connection: duckdb.DuckDBPyConnection, table: Table, constant: Mapping[str, str]) -> None:
    needed = [column.name for column in table.columns if not column.nullable and column.name not in constant]
    nulls = connection.execute(
        f"SELECT {', '.join(f'COUNT(*) - COUNT({_name(name)})' for name in needed)} FROM {table.name}"
    ).fetchone()
    empty = [name for name, count in zip(needed, nulls or (), strict=True) if count]
    if empty:
        raise ModelError(f"Model {table.name} yields null in {', '.join(empty)}.", "The output contract forbids it.")
    key = ", ".join(_name(name) for name in key_columns(table) if name not in constant)
    double = connection.execute(f"SELECT {key} FROM {table.name} GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 3").fetchall()
    if double:
        raise ModelError(f"Model {table.name} yields a key twice: {double}.", f"Its grain is ({key}).")


def _attach_ledger(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    rejected: set[str] = set()
    if inputs.quarantine is not None:
        connection.execute(
            "CREATE TABLE ledger.quarantined AS SELECT DISTINCT table_name, row_number"
            f" FROM read_parquet({_text(inputs.quarantine)})"
        )
        rejected = {
            row[0] for row in connection.execute("SELECT DISTINCT table_name FROM ledger.quarantined").fetchall()
        }
    connection.execute("CREATE TABLE ledger.present (table_name VARCHAR)")
    for name, table in INPUTS.items():
        if name not in inputs.ledger:
            _create_empty(connection, f"ledger.{name}", table)
            continue
        connection.execute(f"INSERT INTO ledger.present VALUES ({_text(name)})")
        columns = ", ".join(_name(column.name) for column in table.columns)
        file = _text(inputs.ledger[name])
        source = f"SELECT {columns} FROM read_parquet({file})"
        if name in rejected:
            source = (
                f"SELECT {columns} FROM read_parquet({file}, file_row_number = true) AS t WHERE NOT EXISTS (SELECT 1"
                f" FROM ledger.quarantined AS q WHERE q.table_name = '{name}' AND q.row_number = t.file_row_number)"
            )
        if inputs.only:
            source = f"SELECT * FROM ({source}) WHERE {_about(name, table, inputs.only)}"
        connection.execute(f"CREATE VIEW ledger.{name} AS {source}")
    _attach_quarantined_accounts(connection, inputs, rejected)
    connection.execute("CREATE TABLE ledger.left_out (company_id VARCHAR, currency VARCHAR, amount DECIMAL(18,4))")
    for (company, currency), amount in inputs.left_out.items():
        connection.execute(f"INSERT INTO ledger.left_out VALUES ({_text(company)}, {_text(currency)}, {amount})")


def _attach_quarantined_accounts(connection: duckdb.DuckDBPyConnection, inputs: Inputs, rejected: set[str]) -> None:
    """Accounts of which a row was set apart: what the night knows of them may not be whole."""
    connection.execute("CREATE TABLE ledger.quarantined_account (company_id VARCHAR, account_id VARCHAR)")
    for name in sorted(rejected & set(inputs.ledger)):
        columns = TABLES[name].columns
        rows = (
            f"SELECT t.* FROM read_parquet({_text(inputs.ledger[name])}, file_row_number = true) AS t"
            f" WHERE t.file_row_number IN (SELECT row_number FROM ledger.quarantined WHERE table_name = '{name}')"
        )
        if "account_id" in columns:
            accounts = f"SELECT company_id, account_id FROM ({rows}) AS r"
        elif "document_id" in columns:
            accounts = (
                f"SELECT d.company_id, d.account_id FROM ({rows}) AS r INNER JOIN ledger.document AS d"
                " ON r.company_id = d.company_id AND r.document_id = d.document_id"
            )
        else:
            continue
        connection.execute(
            f"INSERT INTO ledger.quarantined_account SELECT DISTINCT company_id, account_id FROM ({accounts}) AS a"
            " WHERE NOT EXISTS (SELECT 1 FROM ledger.quarantined_account AS k"
            " WHERE k.company_id = a.company_id AND k.account_id = a.account_id)"
        )


def _about(name: str, table: Table, only: tuple[str, str]) -> str:
    """Which rows concern one account; master data without an account concerns it too."""
    company, account = map(_text, only)
    if name == "account" or "account_id" in table.columns:
        return f"company_id = {company} AND account_id = {account}"
    if "document_id" in table.columns:
        return (
            f"company_id = {company} AND document_id IN (SELECT d.document_id FROM ledger.document AS d"
            f" WHERE d.company_id = {company} AND d.account_id = {account})"
        )
    return "TRUE"


def _attach_policy(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    for relation in relations(inputs.policy, inputs.business_date, inputs.gate, _calendars(connection, inputs)):
        columns = ", ".join(f"{_name(name)} {kind}" for name, kind in relation.columns.items())
        connection.execute(f"CREATE TABLE policy.{relation.name} ({columns})")
        if relation.rows:
            rows = ", ".join(f"({', '.join(map(_literal, row))})" for row in relation.rows)
            connection.execute(f"INSERT INTO policy.{relation.name} VALUES {rows}")


def _calendars(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> list[str]:
    """Names of the work calendars that companies have."""
    if "company" not in inputs.ledger:
        return []
    file = _text(inputs.ledger["company"])
    rows = connection.execute(f"SELECT DISTINCT calendar FROM read_parquet({file}) WHERE calendar IS NOT NULL")
    return sorted(row[0] for row in rows.fetchall())


def _attach_previous(connection: duckdb.DuckDBPyConnection, inputs: Inputs, results: Mapping[str, Table]) -> None:
    for name, table in results.items():
        file = inputs.previous / f"{name}.parquet" if inputs.previous else None
        if file is not None and file.exists():
            source = f"SELECT {_columns(connection, file, table)} FROM read_parquet({_text(file)})"
            if inputs.only:
                source = f"SELECT * FROM ({source}) WHERE {_about(name, table, inputs.only)}"
            connection.execute(f"CREATE VIEW previous.{name} AS {source}")
        else:
            _create_empty(connection, f"previous.{name}", table)


def _attach_opening(connection: duckdb.DuckDBPyConnection, inputs: Inputs, results: Mapping[str, Table]) -> None:
    """What the models read of the close that the month opens with; a company reads the run that its lock pins."""
    read = {source for model in load_models() for source in model.outside if source.startswith("opening.")}
    for name in sorted(source.removeprefix("opening.") for source in read):
        table = results[name]
        _create_empty(connection, f"opening.{name}", table)
        others = ", ".join(_text(company) for company in inputs.locked) or "''"
        parts = [(inputs.opening, f"company_id NOT IN ({others})")] if inputs.opening else []
        parts += [(folder, f"company_id = {_text(company)}") for company, folder in inputs.locked.items()]
        for folder, condition in parts:
            file = folder / f"{name}.parquet"
            if file.exists():
                columns = _columns(connection, file, table)
                connection.execute(
                    f"INSERT INTO opening.{name} SELECT {columns} FROM read_parquet({_text(file)}) WHERE {condition}"
                )


def _columns(connection: duckdb.DuckDBPyConnection, file: Path, table: Table) -> str:
    """The contract's columns; what a run of an earlier version did not write yet is empty."""
    written = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({_text(file)})").fetchall()}
    return ", ".join(
        _name(column.name) if column.name in written else f"CAST(NULL AS {duckdb_type(column)}) AS {_name(column.name)}"
        for column in table.columns
    )


def _create_empty(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    connection.execute(
        f"CREATE TABLE {name} ({', '.join(f'{_name(column.name)} {duckdb_type(column)}' for column in table.columns)})"
    )


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    row = connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def _name(column: str) -> str:
    """A quoted column name: some names of the contracts are words of SQL."""
    return f'"{column}"'


def _literal(value: object) -> str:
    """A policy value in SQL. Bound parameters would make DuckDB import pandas, a second per process."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, bool | int | Decimal) else _text(value)


def _text(value: object) -> str:
    """A SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"
