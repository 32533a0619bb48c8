"""Publishing a run: its Parquet files become partitions beside the old ones, then one transaction shows them.

1. Files are checked: every result table there, the contract's columns, only rows of this run.
2. One empty table per result is made in schema ``loading``, named after the attempt's token, and filled by DuckDB's
   postgres extension with one COPY; then it is closed: rows counted, primary key built.
3. One transaction moves the tables into ``store``, attaches them and records the run: no reader sees it yet.
4. One transaction moves the pointer of the business date and finishes the step.

Readers see the old run until that last commit and the new one after it, and wait for nothing. Killed anywhere before,
the next attempt clears what is left and starts again; killed after it, the step says that it is done.

Attaching and showing are two commits on purpose. PostgreSQL plans a statement with the partitions it knows of then,
and under READ COMMITTED runs it on a later snapshot: with one commit, a statement caught in between found the new
pointer and not the new partition, and showed an empty night (it was seen). Under REPEATABLE READ, which ``connect``
sets for readers, the snapshot is the older of the two, and this cannot happen; for all others ``_let_plans_pass``
waits between the commits.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import duckdb
import psycopg
from duckdb_extensions import import_extension
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import Numeric, Table

from huikuan.columns import duckdb_type
from huikuan.errors import WarehouseError
from huikuan.warehouse.connect import Role, connect, role_conninfo
from huikuan.warehouse.fence import Step, taken_over
from huikuan.warehouse.tables import RESULTS

_LOCK_TIMEOUT = "10s"
_LOADERS = 2
_PLANNING_SECONDS = 1.0
_TOKEN_LOST = "HK001"  # noqa: S105 - an SQLSTATE
_ROWS_LOST = "HK003"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunRecord:
    """One run, as ``store.run`` records it: where it came from, what the gate said, what came out."""

    run_id: str
    business_date: date
    as_of: date
    snapshot_id: str
    previous_run_id: str | None
    policy_version: str
    policy_hash: str
    code_version: str
    gate: str
    gate_reasons: list[Any]
    is_backfill: bool
    status: str
    counts: dict[str, int]


def publish(url: str, step: Step, run: RunRecord, tables: dict[str, Path]) -> dict[str, int]:
    """Make a run the one that readers of its business date see; returns the rows per table.

    ``tables`` names one Parquet file per result table; columns are matched by name. A run that was published before
    is not loaded again: the pointer moves back to it.

    Raises WarehouseError when a file does not fit its table, FenceError when the step was taken over.
    """
    if step.already_done:
        return _counts(step.result)
    counts = _check_files(run, tables)
    if run.counts and {name: run.counts.get(name) for name in counts} != counts:
        raise WarehouseError(
            f"The files of run {run.run_id} do not hold the rows that were counted when it was classified.",
            "Run the night again: the results are made afresh.",
        )
    with connect(url, "loader") as connection:
        try:
            if not _is_published(connection, run):
                _load(url, step, run, tables, counts)
                _attach_run(connection, step, run, counts)
                _let_plans_pass(connection)
            _show(connection, step, run, counts)
        except psycopg.Error as error:
            raise _explained(error, step, run) from error
    log.info("run %s published: %d rows in %d tables", run.run_id, sum(counts.values()), len(counts))
    return counts


def record_stopped(url: str, step: Step, run: RunRecord) -> None:
    """Record a run that the gate stopped, and finish the step; readers keep what they see."""
    if step.already_done:
        return
    with connect(url, "loader") as connection:
        try:
            connection.execute("SELECT store.record_stopped(%s, %s)", [_as_json(run, run.counts), step.token])
            step.finish({"run_id": run.run_id, "counts": run.counts}, connection)
            connection.commit()
        except psycopg.Error as error:
            raise _explained(error, step, run) from error


def current_run(url: str, business_date: date, role: Role = "loader") -> RunRecord | None:
    """The published run of a business date, or None."""
    return _read_run(url, role, "business_date = %s", business_date)


def previous_run(url: str, business_date: date, role: Role = "loader") -> RunRecord | None:
    """The published run of the newest business date before this one, or None."""
    return _read_run(url, role, "business_date < %s", business_date)


def locked_runs(url: str, closing: RunRecord, role: Role = "loader") -> dict[str, str]:
    """Runs that the newest versions of closed months pin, by company, where they are not ``closing`` itself.

    ``closing`` is the run that readers see of the business date whose close of books may have ended those months.
    """
    query = (
        "SELECT DISTINCT ON (company_id) company_id, run_id FROM store.month_lock"
        " WHERE business_date = %s ORDER BY company_id, version DESC"
    )
    with connect(url, role) as connection:
        pinned = connection.execute(query, [closing.business_date]).fetchall()
    return {company_id: run_id for company_id, run_id in pinned if run_id != closing.run_id}


def _read_run(url: str, role: Role, condition: str, business_date: date) -> RunRecord | None:
    names = ", ".join(field.name for field in fields(RunRecord))
    with connect(url, role) as connection, connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            f"SELECT {names} FROM collections.run WHERE status = 'published' AND {condition}"
            " ORDER BY business_date DESC LIMIT 1",
            [business_date],
        ).fetchone()
    return RunRecord(**row) if row else None


def _check_files(run: RunRecord, tables: dict[str, Path]) -> dict[str, int]:
    """Rows per table, after making sure that every file is there and fits."""
    missing, unknown = sorted(set(RESULTS) - set(tables)), sorted(set(tables) - set(RESULTS))
    if missing or unknown:
        raise WarehouseError(
            f"Run {run.run_id} cannot be published: missing tables {missing or 'none'}, unknown {unknown or 'none'}.",
            "A run has exactly the result tables of the output contract; run the night again.",
        )
    with duckdb.connect() as con:
        return {name: _check_file(con, table, tables[name]) for name, table in RESULTS.items()}


def _check_file(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> int:
    """Rows of one file, after making sure that its columns are the contract's and its money is exact."""
    remedy = "Run the night again; if it happens again, the model of this table does not follow the output contract."
    try:
        found = {str(n): str(t) for n, t, *_ in con.execute(f"DESCRIBE FROM {_parquet(path)}").fetchall()}
        rows = con.execute(f"SELECT count(*) FROM {_parquet(path)}").fetchall()[0][0]  # from the file's footer
    except duckdb.Error as error:
        raise WarehouseError(f"{table.name}: {path} cannot be read ({type(error).__name__}).", remedy) from error
    wanted = {column.name: column for column in table.columns}
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if missing or extra:
        raise WarehouseError(
            f"{table.name}: {path.name} lacks the columns {missing or 'none'} and has unknown ones {extra or 'none'}.",
            remedy,
        )
    inexact = [n for n, c in wanted.items() if isinstance(c.type, Numeric) and found[n] in {"DOUBLE", "FLOAT"}]
    if inexact:
        raise WarehouseError(f"{table.name}: {path.name} holds binary fractions in {inexact}.", remedy)
    return int(rows)


def _is_published(connection: psycopg.Connection, run: RunRecord) -> bool:
    row = connection.execute(
        "SELECT 1 FROM store.run WHERE run_id = %s AND business_date = %s AND status = 'published'",
        [run.run_id, run.business_date],
    ).fetchone()
    connection.rollback()
    return row is not None


def _load(url: str, step: Step, run: RunRecord, tables: dict[str, Path], counts: dict[str, int]) -> None:
    """Fill and close one table per result in schema ``loading``: two at a time, the largest first.

    One COPY keeps one process of the server busy; more than two would take the machine from the readers.
    """
    with connect(url, "loader") as connection:
        connection.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
        connection.execute("SELECT store.new_partitions(%s, %s, %s)", [run.business_date, run.run_id, step.token])
    largest_first: SimpleQueue[str] = SimpleQueue()
    for name in sorted(counts, key=lambda name: -counts[name]):
        largest_first.put(name)
    with duckdb.connect() as con, ThreadPoolExecutor(_LOADERS) as pool:
        import_extension("postgres_scanner", con=con)
        _attach(con, url)
        loaders = [
            pool.submit(_load_share, con.cursor(), url, step, run, tables, counts, largest_first)
            for _ in range(_LOADERS)
        ]
        for loader in as_completed(loaders):
            loader.result()


def _load_share(
    con: duckdb.DuckDBPyConnection,
    url: str,
    step: Step,
    run: RunRecord,
    tables: dict[str, Path],
    counts: dict[str, int],
    waiting: SimpleQueue[str],
) -> None:
    """Load tables until none is waiting; a failure empties the queue, so that the other loader stops too."""
    with connect(url, "loader") as connection:
        while (name := _next(waiting)) is not None:
            try:
                _copy(con, RESULTS[name], tables[name], f"{name}__{run.business_date:%Y%m%d}_{step.token}", run)
                connection.execute(
                    "SELECT store.seal_partition(%s, %s, %s, %s)", [name, run.business_date, step.token, counts[name]]
                )
                connection.commit()
            except BaseException:
                while _next(waiting) is not None:
                    continue
                raise
            log.info("%s: %d rows loaded", name, counts[name])


def _next(waiting: SimpleQueue[str]) -> str | None:
    try:
        return waiting.get_nowait()
    except Empty:
        return None


def _attach(con: duckdb.DuckDBPyConnection, url: str) -> None:
    """Open schema ``loading`` as ``warehouse``; DuckDB's error would quote the password, so it is not passed on."""
    conninfo = role_conninfo(url, "loader").replace("'", "''")
    try:
        con.execute(f"ATTACH '{conninfo}' AS warehouse (TYPE postgres, SCHEMA 'loading')")
    except duckdb.Error as error:
        raise WarehouseError(
            f"DuckDB cannot open the warehouse ({type(error).__name__}).",
            "Check that PostgreSQL accepts one more connection, and run the step again.",
        ) from None


def _copy(con: duckdb.DuckDBPyConnection, table: Table, path: Path, target: str, run: RunRecord) -> None:
    """One COPY of one file, columns matched by name."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(f'CAST("{column.name}" AS {duckdb_type(column)})' for column in table.columns)
    try:
        con.execute(f'INSERT INTO warehouse.loading."{target}" ({names}) SELECT {values} FROM {_parquet(path)}')
    except duckdb.Error as error:
        why = "some rows are of another run" if f"{target}_run" in str(error) else _first_line(error)
        raise WarehouseError(
            f"{table.name}: the rows of run {run.run_id} cannot be loaded: {why}.",
            "Nothing was published. Run the step again; if it happens again, the model of this table does not follow "
            "the output contract.",
        ) from None


def _attach_run(connection: psycopg.Connection, step: Step, run: RunRecord, counts: dict[str, int]) -> None:
    """Make the loaded tables partitions; readers' views still point elsewhere."""
    step.guard(connection)
    connection.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
    connection.execute("SELECT store.attach_run(%s, %s)", [_as_json(run, counts), step.token])
    connection.commit()


def _let_plans_pass(connection: psycopg.Connection) -> None:
    """Wait until statements planned before the partitions were attached have begun to run.

    Statements that still hold their lock after ``_PLANNING_SECONDS`` have long been planned: nobody waits for them.
    """
    parents = [f"store.{name}" for name in RESULTS]
    holders = (
        "SELECT DISTINCT virtualtransaction FROM pg_locks"
        " WHERE mode = 'AccessShareLock' AND relation = ANY(%s::regclass[])"
        " AND pid <> pg_backend_pid()"
    )
    before = {row[0] for row in connection.execute(holders, [parents])}
    deadline = time.monotonic() + _PLANNING_SECONDS
    while before and time.monotonic() < deadline:
        time.sleep(0.02)
        before &= {row[0] for row in connection.execute(holders, [parents])}
    connection.rollback()


def _show(connection: psycopg.Connection, step: Step, run: RunRecord, counts: dict[str, int]) -> None:
    """The transaction after which readers see the run."""
    step.guard(connection)
    connection.execute("SELECT store.show_run(%s, %s, %s)", [run.business_date, run.run_id, step.token])
    step.finish({"run_id": run.run_id, "counts": counts}, connection)
    connection.commit()


def _as_json(run: RunRecord, counts: dict[str, int]) -> Jsonb:
    dates = {"business_date": run.business_date.isoformat(), "as_of": run.as_of.isoformat()}
    return Jsonb({**asdict(run), **dates, "counts": counts})


def _counts(result: dict[str, Any] | None) -> dict[str, int]:
    return {str(name): int(rows) for name, rows in ((result or {}).get("counts") or {}).items()}


def _parquet(path: Path) -> str:
    """The file as a relation of DuckDB. A bound parameter would import pandas first: two seconds of a night."""
    quoted = str(path).replace("'", "''")
    return f"read_parquet('{quoted}')"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")


def _explained(error: psycopg.Error, step: Step, run: RunRecord) -> Exception:
    if error.sqlstate == _TOKEN_LOST:
        return taken_over(step.name, step.business_date)
    what = f"Run {run.run_id} was not published"
    if isinstance(error, psycopg.errors.UniqueViolation):
        return WarehouseError(
            f"{what}: {error.diag.message_primary} ({error.diag.message_detail}).",
            "The model of this table yields one key twice; correct the model or the ledger's rows behind it.",
        )
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return WarehouseError(
            f"{what}: another session keeps a table locked.", "Run the step again; pg_stat_activity shows who it is."
        )
    if error.sqlstate == _ROWS_LOST:
        return WarehouseError(f"{what}: {error.diag.message_primary}.", "Run the step again.")
    if isinstance(error, psycopg.OperationalError) and not error.sqlstate:
        return WarehouseError(
            f"The connection to the warehouse broke while run {run.run_id} was published.",
            "Run the step again: it finds out by itself whether the run is in.",
        )
    return WarehouseError(f"{what}: {_first_line(error)}.", "Run the step again; if it happens again, report it.")
