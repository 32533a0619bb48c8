"""Snapshots: what the ledger said, kept as Parquet for ever, and never changed.

    <lake>/snapshots/<YYYY-MM-DD>/<YYYYMMDD>-s<n>/<table>.parquet + manifest.json

A snapshot is written under a hidden name and renamed when everything is on disk, so a folder with a snapshot's name
is complete. Its manifest holds the SHA-256 of every file and of the manifest taken before it, so that a flipped bit, a
swapped file or a removed snapshot is noticed. Processes that take snapshots at once are kept apart by locks on files,
which the kernel releases when a process dies; process numbers would mislead where containers share a lake.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import DateTime, Table

from huikuan.columns import MONEY
from huikuan.errors import SnapshotError
from huikuan.ledger import duck
from huikuan.ledger.contract import INPUTS, TABLES, dated_by
from huikuan.ledger.source import Source

FORMAT = 1
MANIFEST = "manifest.json"
_SNAPSHOT_ID = re.compile(r"(\d{4})(\d{2})(\d{2})-s([1-9]\d*)")
_TAKING = ".taking-"
_OWNER = "owner"


@dataclass(frozen=True)
class TableFile:
    """One Parquet file of a snapshot.

    ``sums`` holds exact decimal sums of the money columns: ``balance:CNY`` per currency where the table has a currency
    column (nothing after the colon: rows without one), else ``credit_limit``.
    """

    table: str
    path: Path
    rows: int
    bytes: int
    sha256: str
    sums: dict[str, str]


@dataclass(frozen=True)
class Snapshot:
    """A complete snapshot. Rows dated after as-of are in it; the night leaves them out.

    ``complete_through`` is what the ledger's load_log says: the day up to which each feed is complete.
    ``previous_manifest`` is the SHA-256 of the manifest taken before this one, None for the first of a lake.
    """

    business_date: date
    snapshot_id: str
    folder: Path
    source: str
    tables: dict[str, TableFile]
    complete_through: dict[str, date]
    previous_manifest: str | None

    def path(self, table: str) -> Path:
        """The table's Parquet file; SnapshotError when the ledger did not have this table."""
        if table not in self.tables:
            raise SnapshotError(
                f"Snapshot {self.snapshot_id} has no table {table}.", "Ask has() first: the table is optional."
            )
        return self.tables[table].path

    def has(self, table: str) -> bool:
        """Whether the ledger had this table."""
        return table in self.tables


# --- taking ----------------------------------------------------------------------------------------------------------


def take(
    source: Source,
    lake: Path,
    business_date: date,
    report: Callable[[str, int], None] | None = None,
    own: Source | None = None,
) -> Snapshot:
    """Write a new snapshot of ``source`` and return it; every call makes a new one, whatever was there before.

    ``own`` adds the facts of our own warehouse (``contract.OWN_TABLES``); what is not given is empty to the night.

    ``report`` is called with each table and its rows when it is written. LedgerError when the source does not have the
    contract's form, SnapshotError when the disk is full or the ledger's files change meanwhile; nothing is left then.
    """
    day = lake / "snapshots" / business_date.isoformat()
    with _disk_explained(lake), _work_folder(day) as work, duck.connect(work) as con:
        before = source.fingerprint()
        try:
            tables = {table: _write(con, source, table, work, report) for table in source.tables()}
            if own is not None:
                tables |= {table: _write(con, own, table, work, None) for table in own.tables()}
        finally:
            source.close()
        if source.fingerprint() != before:
            raise SnapshotError(
                f"The ledger's files changed while they were read ({source.label}).",
                "Wait until the export is finished and run again.",
            )
        return _commit(day, business_date, work, _describe(con, source, business_date, tables))


def _write(
    con: duckdb.DuckDBPyConnection, source: Source, table: str, work: Path, report: Callable[[str, int], None] | None
) -> TableFile:
    path = work / f"{table}.parquet"
    source.write(table, path)
    rows, sums = _sums(con, path, INPUTS[table])
    with path.open("rb") as file:
        os.fsync(file.fileno())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if report:
        report(table, rows)
    return TableFile(table, path, rows, path.stat().st_size, sha256, sums)


def _sums(con: duckdb.DuckDBPyConnection, path: Path, table: Table) -> tuple[int, dict[str, str]]:
    """Number of rows, and the exact sum of each money column (per currency where there is one)."""
    money = [column.name for column in table.columns if column.type is MONEY]
    relation = f"read_parquet({duck.pattern(path)})"
    sums: dict[str, str] = {}
    rows = int(_one(con, f"SELECT count(*) FROM {relation}"))
    for name in money:
        if "currency" in table.columns:
            found = con.execute(
                f"SELECT coalesce(currency, ''), sum({duck.name(name)}) FROM {relation} GROUP BY 1 ORDER BY 1"
            ).fetchall()
            sums |= {f"{name}:{currency}": str(total) for currency, total in found if total is not None}
        else:
            total = _one(con, f"SELECT sum({duck.name(name)}) FROM {relation}")
            sums |= {name: str(total)} if total is not None else {}
    return rows, sums


def _one(con: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None) -> Any:
    row = con.execute(query, parameters).fetchone()
    return row[0] if row else None


def _rows_counted(con: duckdb.DuckDBPyConnection, file: TableFile, as_of: date) -> int:
    """Rows dated on or before as-of; all rows of master data. Timestamps count by their day in UTC."""
    table = INPUTS[file.table]
    column = dated_by(table)
    if column is None:
        return file.rows
    day = duck.name(column)
    if isinstance(table.columns[column].type, DateTime):
        day = f"CAST(timezone('UTC', {day}) AS DATE)"
    return int(_one(con, f"SELECT count(*) FROM read_parquet({duck.pattern(file.path)}) WHERE {day} <= ?", [as_of]))


def _complete_through(con: duckdb.DuckDBPyConnection, tables: dict[str, TableFile]) -> dict[str, date]:
    """Day up to which each feed is complete; the earlier one where the log names a feed twice."""
    if "load_log" not in tables:
        return {}
    path = tables["load_log"].path
    return dict(
        con.execute(
            f"SELECT table_name, min(complete_through) FROM read_parquet({duck.pattern(path)}) "
            "WHERE table_name IS NOT NULL AND complete_through IS NOT NULL GROUP BY 1 ORDER BY 1"
        ).fetchall()
    )


def _describe(
    con: duckdb.DuckDBPyConnection, source: Source, business_date: date, tables: dict[str, TableFile]
) -> dict[str, Any]:
    """The manifest, but for what is only known when the snapshot gets its number."""
    as_of = business_date - timedelta(days=1)
    complete_through = _complete_through(con, tables)
    return {
        "format": FORMAT,
        "business_date": business_date.isoformat(),
        "source": source.label,
        "fingerprint": source.fingerprint(),
        "complete_through": {table: day.isoformat() for table, day in complete_through.items()},
        "tables": {
            table: {
                "rows": file.rows,
                "rows_counted": _rows_counted(con, file, as_of),
                "bytes": file.bytes,
                "sha256": file.sha256,
                "sums": file.sums,
            }
            for table, file in tables.items()
        },
    }


def _commit(day: Path, business_date: date, work: Path, content: dict[str, Any]) -> Snapshot:
    """Write the manifest and give the folder its name: the one moment at which the snapshot comes into being."""
    with _lock(day.parent):
        number = max((number for number, _ in _numbered(day)), default=0) + 1
        content["snapshot_id"] = f"{business_date:%Y%m%d}-s{number}"
        content["sequence"], content["previous_manifest"] = _next_link(day.parent)
        _write_manifest(work, content)
        (work / _OWNER).unlink()
        folder = day / content["snapshot_id"]
        work.rename(folder)
        _fsync(day)
    return _snapshot(folder, content)


def _next_link(snapshots: Path) -> tuple[int, str | None]:
    """Sequence number of the next snapshot of the lake, and SHA-256 of the manifest it follows."""
    newest, digest = 0, None
    for _, folder in _all_folders(snapshots):
        sequence = int(_manifest(folder)["sequence"])
        if sequence > newest:
            newest, digest = sequence, _sha256(folder / MANIFEST)
    return newest + 1, digest


def _write_manifest(work: Path, content: dict[str, Any]) -> None:
    unfinished = work / f"{MANIFEST}.unfinished"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(work / MANIFEST)
    _fsync(work)


def _fsync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- locks -----------------------------------------------------------------------------------------------------------


@contextmanager
def _lock(snapshots: Path) -> Iterator[None]:
    """Hold the lake's lock: for the moments of beginning and finishing a snapshot, never while data is read."""
    with (snapshots / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _work_folder(day: Path) -> Iterator[Path]:
    """A hidden folder that is ours while we hold the lock on its owner file; leftovers of the dead are removed."""
    day.mkdir(parents=True, exist_ok=True)
    _fsync(day.parent)
    with _lock(day.parent):
        _remove_leftovers(day)
        work = Path(tempfile.mkdtemp(prefix=_TAKING, dir=day))
        work.chmod(0o755)
        owner = (work / _OWNER).open("w")
        fcntl.flock(owner, fcntl.LOCK_EX)
    with owner:
        owner.write(f"process {os.getpid()} on {os.uname().nodename}\n")
        owner.flush()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _disk_explained(lake: Path) -> Iterator[None]:
    """Turn a full disk, a missing right or a path that is no folder into a SnapshotError."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(
            f"The snapshot could not be written: {error.strerror} ({error.filename or lake}).",
            "Free space or correct the permissions of the lake, and run again.",
        ) from error


def _remove_leftovers(day: Path) -> None:
    """Remove unfinished folders whose process no longer lives; the caller holds the lake's lock."""
    for folder in day.glob(f"{_TAKING}*"):
        owner = folder / _OWNER
        if not owner.exists() or _is_free(owner):
            shutil.rmtree(folder)


def _is_free(owner: Path) -> bool:
    with owner.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


# --- reading ---------------------------------------------------------------------------------------------------------


def load(lake: Path, snapshot_id: str) -> Snapshot:
    """Open a snapshot and verify size and SHA-256 of every file.

    SnapshotError when it is missing, unfinished or damaged.
    """
    folder = _folder(lake, snapshot_id)
    snapshot = _snapshot(folder, _manifest(folder))
    for file in snapshot.tables.values():
        if not file.path.is_file():
            raise _damaged(snapshot_id, f"{file.path.name} is missing")
        if file.path.stat().st_size != file.bytes:
            raise _damaged(snapshot_id, f"{file.path.name} does not have its {file.bytes} bytes")
        if _sha256(file.path) != file.sha256:
            raise _damaged(snapshot_id, f"the content of {file.path.name} is not what was written")
    return snapshot


def latest(lake: Path, business_date: date) -> Snapshot | None:
    """The newest snapshot of a business date, or None. Its files are not verified: ``load`` does that."""
    numbered = _numbered(lake / "snapshots" / business_date.isoformat())
    if not numbered:
        return None
    _, folder = max(numbered)
    return _snapshot(folder, _manifest(folder))


def volumes(lake: Path, before: date, limit: int) -> dict[str, list[int]]:
    """Rows per table that counted on the nights before ``before``, newest first, at most ``limit`` nights.

    A night is a business date with a snapshot; its newest one speaks for it. Only rows dated on or before that night's
    as-of count, so that a ledger that holds later months does not look the same every night. A night whose ledger did
    not have a table has no number for it.
    """
    history: dict[str, list[int]] = {}
    days = [day for day in _days(lake / "snapshots") if day < before and _numbered(_day_folder(lake, day))]
    for day in sorted(days, reverse=True)[:limit]:
        _, folder = max(_numbered(_day_folder(lake, day)))
        for table, facts in _manifest(folder)["tables"].items():
            if table in TABLES:  # our own tables are no feed that could fail to be delivered
                history.setdefault(table, []).append(int(facts["rows_counted"]))
    return history


def check_chain(lake: Path) -> None:
    """Check that every manifest follows the one taken before it; SnapshotError names the first that does not.

    Finds snapshots that were removed, replaced or altered after the next one was taken.
    """
    manifests = sorted(
        ((int(_manifest(folder)["sequence"]), folder) for _, folder in _all_folders(lake / "snapshots")),
        key=lambda pair: pair[0],
    )
    digest: str | None = None
    for position, (sequence, folder) in enumerate(manifests, start=1):
        if sequence != position or _manifest(folder)["previous_manifest"] != digest:
            raise SnapshotError(
                f"Snapshot {folder.name} does not follow the one taken before it: a snapshot was removed or altered.",
                "Restore the snapshots from the backup; nights that used an altered one must be looked at.",
            )
        digest = _sha256(folder / MANIFEST)


def _day_folder(lake: Path, day: date) -> Path:
    return lake / "snapshots" / day.isoformat()


def _days(snapshots: Path) -> list[date]:
    if not snapshots.is_dir():
        return []
    names = [path.name for path in snapshots.iterdir() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", path.name)]
    return [date.fromisoformat(name) for name in names]


def _numbered(day: Path) -> list[tuple[int, Path]]:
    """Numbers and folders of the finished snapshots of one day."""
    if not day.is_dir():
        return []
    matches = [(_SNAPSHOT_ID.fullmatch(path.name), path) for path in day.iterdir()]
    return [(int(match[4]), path) for match, path in matches if match]


def _all_folders(snapshots: Path) -> list[tuple[int, Path]]:
    return [pair for day in _days(snapshots) for pair in _numbered(snapshots / day.isoformat())]


def _folder(lake: Path, snapshot_id: str) -> Path:
    match = _SNAPSHOT_ID.fullmatch(snapshot_id)
    folder = lake / "snapshots" / f"{match[1]}-{match[2]}-{match[3]}" / snapshot_id if match else None
    if folder is None or not folder.is_dir():
        raise SnapshotError(
            f"There is no snapshot {snapshot_id!r} in {lake}.",
            "Look into the lake's snapshots folder, or extract the ledger again.",
        )
    return folder


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        known = content["format"] == FORMAT
        ours = content["snapshot_id"] == folder.name and content["business_date"] == folder.parent.name
    except FileNotFoundError:
        raise SnapshotError(
            f"Snapshot {folder.name} has no manifest: it is unfinished.", "Extract the ledger again."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise _damaged(folder.name, "its manifest cannot be read") from None
    if not known:
        raise SnapshotError(
            f"Snapshot {folder.name} was written by another version (format {content['format']}).",
            "Read it with that version of the program, or extract the ledger again.",
        )
    if not ours:
        raise _damaged(folder.name, f"its manifest belongs to {content['snapshot_id']}")
    return content


def _snapshot(folder: Path, content: dict[str, Any]) -> Snapshot:
    try:
        tables = {
            table: TableFile(
                table=table,
                path=folder / f"{table}.parquet",
                rows=facts["rows"],
                bytes=facts["bytes"],
                sha256=facts["sha256"],
                sums=facts["sums"],
            )
            for table, facts in content["tables"].items()
            if table in INPUTS
        }
        return Snapshot(
            business_date=date.fromisoformat(content["business_date"]),
            snapshot_id=content["snapshot_id"],
            folder=folder,
            source=content["source"],
            tables={table: tables[table] for table in INPUTS if table in tables},
            complete_through={
                table: date.fromisoformat(through) for table, through in content["complete_through"].items()
            },
            previous_manifest=content["previous_manifest"],
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(folder.name, "its manifest cannot be read") from None


def _damaged(snapshot_id: str, what: str) -> SnapshotError:
    return SnapshotError(
        f"Snapshot {snapshot_id} is damaged: {what}.",
        "Do not use it; extract the ledger again, or restore the folder from the backup.",
    )
