"""What becomes of old nights: their rows go to the lake as Parquet, and only then leave the warehouse.

``<lake>/archive/<business date>/<run id>/`` holds one file per result table and ``manifest.json`` (rows and SHA-256 of
each), written last, so that an archive without one is not finished. A function of the warehouse removes the partitions:
it counts every table once more, and refuses month ends, locked months and recent nights whoever asks.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, TypedDict

import duckdb
import psycopg
from dateutil.relativedelta import relativedelta
from duckdb_extensions import import_extension
from psycopg.types.json import Jsonb

from huikuan.columns import duckdb_type
from huikuan.errors import WarehouseError
from huikuan.policy.finance import Retention
from huikuan.warehouse.connect import connect, role_conninfo
from huikuan.warehouse.tables import RESULTS

Say = Callable[[str], None]


class Entry(TypedDict):
    """One file of an archive."""

    rows: int
    sha256: str


Manifest = dict[str, Entry]


@dataclass(frozen=True)
class Old:
    """A run whose partitions may go: an old night's own, or one that a later run of its date has replaced."""

    run_id: str
    business_date: date
    cause: Literal["daily", "replaced"]


def due(url: str, bounds: Retention, business_date: date) -> list[Old]:
    """Runs that the policy no longer keeps in the warehouse on a business date, the oldest first.

    Month ends, runs that a locked month stands on, and the newest nights are never among them.
    """
    daily_from = business_date - relativedelta(months=bounds.daily_months)
    replaced_from = business_date - timedelta(days=bounds.older_runs_days)
    with connect(url, "loader") as connection:
        rows = connection.execute(
            "SELECT r.run_id, r.business_date, CASE WHEN p.run_id IS NULL THEN 'replaced' ELSE 'daily' END"
            " FROM store.run AS r"
            " LEFT JOIN store.published AS p ON r.business_date = p.business_date AND r.run_id = p.run_id"
            " WHERE r.status = 'published'"
            " AND r.business_date < CASE WHEN p.run_id IS NULL THEN %s ELSE %s END"
            " AND NOT EXISTS (SELECT FROM store.archived_run AS a WHERE a.run_id = r.run_id)"
            " AND store.kept_because(r.run_id) IS NULL"
            " ORDER BY r.business_date, r.run_id",
            [replaced_from, daily_from],
        ).fetchall()
    return [Old(*row) for row in rows]


def retire(url: str, lake: Path, bounds: Retention, business_date: date, say: Say) -> list[Old]:
    """Archive and remove every run that is due; returns them. Killed anywhere, the next call goes on from there.

    Raises WarehouseError when an archive is damaged, rows changed meanwhile, or a reader keeps a table in use.
    """
    found = due(url, bounds, business_date)
    for old in found:
        folder = _folder(lake, old)
        manifest = archive(url, folder, old)
        counts = {name: entry["rows"] for name, entry in manifest.items()}
        _remove(url, old, counts, hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest())
        say(f"  {old.business_date} {old.run_id} ({old.cause}): {sum(counts.values()):,} 行 rows → {folder}")
    return found


def archive(url: str, folder: Path, old: Old) -> Manifest:
    """The manifest of a run's archive, which is made when it is not there whole."""
    if (folder / "manifest.json").exists():
        return _checked(folder)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    for left in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.mkdir(parents=True)
    with duckdb.connect() as con:
        _open(con, url, old)
        manifest = {name: _write(con, fresh / f"{name}.parquet", name, old) for name in RESULTS}
    with (fresh / "manifest.json").open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder)
    return _checked(folder)


def _open(con: duckdb.DuckDBPyConnection, url: str, old: Old) -> None:
    """The tables of the warehouse, read as the auditor, who sees every run; DuckDB's error would quote the password."""
    conninfo = role_conninfo(url, "auditor").replace("'", "''")
    import_extension("postgres_scanner", con=con)
    con.execute("SET TimeZone = 'UTC'")
    try:
        con.execute(f"ATTACH '{conninfo}' AS warehouse (TYPE postgres, READ_ONLY, SCHEMA 'store')")
    except duckdb.Error as error:
        raise _unread("The tables", old, error) from None


def _write(con: duckdb.DuckDBPyConnection, path: Path, name: str, old: Old) -> Entry:
    """One table of the run; its rows as the file holds them, which the warehouse must count the same."""
    columns = ", ".join(f'CAST("{c.name}" AS {duckdb_type(c)}) AS "{c.name}"' for c in RESULTS[name].columns)
    of_run = f"FROM store.{name} WHERE business_date = ''{old.business_date}'' AND run_id = ''{old.run_id}''"
    target = "'" + str(path).replace("'", "''") + "'"
    try:
        rows = f"SELECT {columns} FROM postgres_query('warehouse', 'SELECT * {of_run}')"
        con.execute(f"COPY ({rows}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        (counted,) = con.execute(f"FROM postgres_query('warehouse', 'SELECT count(*) {of_run}')").fetchall()[0]
        (written,) = con.execute(f"SELECT count(*) FROM read_parquet({target})").fetchall()[0]
    except duckdb.Error as error:
        raise _unread(name, old, error) from None
    if counted != written:
        raise WarehouseError(
            f"{name} of run {old.run_id}: {counted} rows in the warehouse, {written} in {path}.",
            "Run it again: nothing was removed.",
        )
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return {"rows": int(written), "sha256": _sha256(path)}


def _unread(what: str, old: Old, error: duckdb.Error) -> WarehouseError:
    return WarehouseError(
        f"{what} of run {old.run_id} cannot be archived ({type(error).__name__}).",
        "Check room in the lake and that PostgreSQL accepts a connection, and run it again: nothing is removed.",
    )


def _checked(folder: Path) -> Manifest:
    manifest: Manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest.items():
        path = folder / f"{name}.parquet"
        if not path.exists() or _sha256(path) != entry["sha256"]:
            raise WarehouseError(
                f"{path} is missing or damaged.",
                f"Nothing was removed. Move {folder} away and run it again: the archive is made anew.",
            )
    return manifest


def _remove(url: str, old: Old, counts: dict[str, int], manifest_hash: str) -> None:
    with connect(url, "loader") as connection:
        try:
            connection.execute(
                "SELECT store.drop_archived_run(%s, %s, %s)",
                [old.run_id, Jsonb(counts), manifest_hash],
            )
            connection.commit()
        except psycopg.errors.LockNotAvailable as error:
            raise WarehouseError(
                f"Run {old.run_id} is archived, but a reader keeps one of its tables in use.",
                "Run it again when the reader is done; pg_stat_activity shows who it is.",
            ) from error
        except psycopg.DatabaseError as error:
            raise WarehouseError(
                f"Run {old.run_id} was not removed: {error.diag.message_primary}.",
                "Its archive stays in the lake, its rows in the warehouse; look why, and run it again.",
            ) from error


def _folder(lake: Path, old: Old) -> Path:
    return lake / "archive" / f"{old.business_date}" / old.run_id


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
