"""The demo ledger: believable B2B receivables of two sellers, written to files or into a foreign "ERP".

The rows come from the SELECTs in ``include/sql/demo``: ``stages`` decide what happened (in cents, keyed by numbers),
``tables`` hand it over in the contract's form. Every random choice is a hash of (seed, key, purpose), so the same
arguments give the same rows on any number of threads, and no fact depends on the last day: a ledger through a later day
holds the earlier one, provided both begin in the same month.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import psycopg

from huikuan.columns import duckdb_type, key_columns
from huikuan.errors import LedgerError
from huikuan.ledger import duck
from huikuan.ledger.contract import TABLES
from huikuan.settings import INCLUDE

SQL = INCLUDE / "sql" / "demo"
MIN_ACCOUNTS = 40
MEMORY_LIMIT = "2GB"
ERP_SCHEMA = "erp"
ERP_MARK = "Huikuan demo ERP"


def generate(
    target: Path,
    *,
    through: date,
    accounts: int = 400,
    seed: int = 20260101,
    months: int = 24,
    file_format: Literal["parquet", "csv"] = "parquet",
    faults: bool = True,
    history: Literal["full", "open"] = "full",
) -> dict[str, int]:
    """Write one file per contract table into ``target``; return the rows of each.

    The history begins with the first day of the month ``months`` before that of ``through``, and ends with ``through``:
    every fact is dated on or before it, every feed complete through it. ``history="open"`` leaves out documents settled
    more than a year before ``through`` together with what settled them; the control totals then count what is left.
    ``faults`` plants one invoice without a due date, one document row handed over twice and a few warnings.
    Files of contract tables already in ``target`` are replaced.
    """
    _check(accounts, months)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="huikuan-demo-") as scratch, duckdb.connect() as connection:
        connection.execute("SET memory_limit = $1", [MEMORY_LIMIT])
        connection.execute("SET temp_directory = $1", [scratch])
        connection.execute("SET TimeZone = 'UTC'")
        _set_variables(
            connection,
            seed=seed,
            accounts=accounts,
            months=months,
            through=through,
            start=_first_month(through, months),
            faults=faults,
            history=history,
            tables=list(TABLES),
        )
        connection.execute((SQL / "macros.sql").read_text("utf-8"))
        for stage in sorted((SQL / "stages").glob("*.sql")):
            connection.execute(f"CREATE TABLE {stage.stem[3:]} AS {stage.read_text('utf-8')}")
        for table in TABLES:
            select = (SQL / "tables" / f"{table}.sql").read_text("utf-8")
            connection.execute(f"CREATE VIEW handed_{table} AS {select}")
        return {table: _write(connection, table, target, file_format) for table in TABLES}


def load_as_erp(url: str, folder: Path) -> None:
    """Load a generated folder into the PostgreSQL at ``url`` as a foreign ERP; ``--source demo_erp`` reads it back.

    The ERP stands in schema ``erp`` with its own tables, columns, codes and date texts, in Chinese. A demo ERP that is
    already there is replaced; a schema ``erp`` of anybody else is refused.
    """
    files = {table: _file(folder, table) for table in TABLES}
    with psycopg.connect(url) as server:
        _drop_old_erp(server)
        server.execute((SQL / "erp" / "schema.sql").read_text("utf-8").encode())
    with tempfile.TemporaryDirectory(prefix="huikuan-demo-") as scratch, duck.connect(Path(scratch)) as connection:
        connection.execute("SET memory_limit = $1", [MEMORY_LIMIT])
        duck.load_extension(connection, "postgres_scanner")
        connection.execute(f"ATTACH {duck.text(url)} AS server (TYPE postgres)")
        for table, file in files.items():
            connection.execute(f"CREATE VIEW {table} AS {_contract_rows(table, file)}")
        connection.execute("BEGIN")
        for select in sorted((SQL / "erp").glob("*.sql")):
            if select.stem != "schema":
                target = f"server.{ERP_SCHEMA}.{select.stem}"
                connection.execute(f"INSERT INTO {target} BY NAME {select.read_text('utf-8')}")
        connection.execute("COMMIT")


def _drop_old_erp(server: psycopg.Connection) -> None:
    row = server.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [ERP_SCHEMA]
    ).fetchone()
    if row is not None and row[0] != ERP_MARK:
        raise LedgerError(
            f"The database already has a schema {ERP_SCHEMA} that is no demo.",
            "Load the demo into a database of its own.",
        )
    server.execute(f"DROP SCHEMA IF EXISTS {ERP_SCHEMA} CASCADE")


def _file(folder: Path, table: str) -> Path:
    for suffix in ("parquet", "csv"):
        path = folder / f"{table}.{suffix}"
        if path.exists():
            return path
    raise LedgerError(
        f"{folder.name} holds no {table}.parquet and no {table}.csv.",
        "Generate the demo ledger into this folder first.",
    )


def _contract_rows(table: str, file: Path) -> str:
    """A SELECT of the file's rows in the contract's types."""
    path = duck.pattern(file)
    reader = f"read_parquet({path})" if file.suffix == ".parquet" else f"read_csv({path}, all_varchar = true)"
    return f"SELECT {_typed_columns(table)} FROM {reader}"


def _typed_columns(table: str) -> str:
    return ", ".join(f"CAST({c.name} AS {duckdb_type(c)}) AS {c.name}" for c in TABLES[table].columns)


def _check(accounts: int, months: int) -> None:
    if accounts < MIN_ACCOUNTS:
        raise LedgerError(
            f"A demo ledger of {accounts} accounts has no room for its characters and their neighbours.",
            f"Ask for at least {MIN_ACCOUNTS} accounts.",
        )
    if months < 1:
        raise LedgerError(f"A demo ledger cannot have a history of {months} months.", "Ask for at least one month.")


def _first_month(through: date, months: int) -> date:
    """The first day of the month that lies ``months`` before that of ``through``."""
    number = through.year * 12 + through.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _set_variables(connection: duckdb.DuckDBPyConnection, **values: object) -> None:
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = $1", [value])


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, target: Path, file_format: Literal["parquet", "csv"]
) -> int:
    """Write ``handed_<table>`` with the contract's columns and types; return its rows.

    CSV is read by people and comes in the order of its key; Parquet comes as it falls, which saves a third of the time.
    """
    for old in ("parquet", "csv"):
        (target / f"{table}.{old}").unlink(missing_ok=True)
    path = duck.text(str(target / f"{table}.{file_format}"))
    rows = f"SELECT {_typed_columns(table)} FROM handed_{table}"
    if file_format == "parquet":
        command = f"COPY ({rows}) TO {path} (FORMAT parquet)"
    else:
        command = f"COPY ({rows} ORDER BY {', '.join(key_columns(TABLES[table]))}) TO {path} (FORMAT csv, HEADER)"
    done = connection.execute(command).fetchall()
    return int(done[0][0])
