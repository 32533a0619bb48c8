"""What all kinds of sources share: fingerprints, temporary files, staged Parquet, checks of a foreign schema."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from huikuan.errors import LedgerError
from huikuan.ledger import duck
from huikuan.ledger.casting import Raw, no_room, shown, write_table
from huikuan.ledger.contract import TABLES, is_optional
from huikuan.ledger.foreign import Check, Mapping
from huikuan.ledger.formats import Formats, near

_EXAMPLES = 5


def digest(*parts: str) -> str:
    """SHA-256 over texts, each closed so that no two lists of texts share a digest."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(f"{len(part)}:{part}".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def mapping_parts(mapping: Mapping | None) -> list[str]:
    """What of a foreign schema goes into a fingerprint: name, description, SELECTs."""
    if mapping is None:
        return []
    described = mapping.description.model_dump_json()
    return [mapping.name, described, *(f"{table}\n{sql}" for table, sql in mapping.selects.items())]


def file_parts(path: Path) -> list[str]:
    """What of a file goes into a fingerprint: name, size in bytes, time of change in nanoseconds."""
    state = path.stat()
    return [path.name, str(state.st_size), str(state.st_mtime_ns)]


def check_required(present: Sequence[str], label: str) -> None:
    """Refuse a source that lacks tables without which there is no night; ``present`` are the names it has."""
    missing = [table for table, meaning in TABLES.items() if table not in present and not is_optional(meaning)]
    if missing:
        strangers = [name for name in present if name not in TABLES]
        hints = dict.fromkeys(near(table, strangers) for table in missing)
        raise LedgerError(
            f"{label}: required table{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing{''.join(hints)}",
            "Add what is missing; a table without rows still has its columns. If the tables have other names or "
            "columns, name the schema with --source.",
        )


def as_they_are(ordinals: Sequence[int]) -> list[int]:
    """Row numbers of data that has no header line: the first is 1."""
    return list(ordinals)


class Workroom:
    """A temporary folder beside the first target: same file system as the result, gone when closed."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def beside(self, target: Path) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix=".work-", dir=target.parent)
        return Path(self._folder.name)

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def write_parquet(
    con: duckdb.DuckDBPyConnection,
    file: Path,
    label: str,
    table: str,
    target: Path,
    formats: Formats,
    stated_in: str,
    *,
    by_key: bool = False,
) -> None:
    """Cast one Parquet file to the contract. LedgerError also for a file that is none, and for broken text in it."""
    relation = f"read_parquet({duck.pattern(file)})"
    try:
        columns = duck.columns_of(con, relation)
        raw = Raw(relation, columns, label, formats, stated_in, as_they_are, by_key)
        write_table(con, raw, TABLES[table], target)
    except duckdb.Error as error:
        no_room(error)
        refuse_broken_text(file, label)
        raise LedgerError(
            f"{label} cannot be read as Parquet: {str(error).splitlines()[0]}", "Write the file again from its source."
        ) from None


def refuse_broken_text(file: Path, label: str) -> None:
    """Raise LedgerError naming row and column if a text column of a Parquet file holds bytes that are not UTF-8."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError):
        return
    first = 1
    for batch in opened.iter_batches():
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
                continue
            for row, value in enumerate(column.cast(pa.large_binary()).to_pylist(), start=first):
                refuse_undecodable(value, f"{label}, row {row}, column {name}")
        first += batch.num_rows


def refuse_undecodable(value: bytes | None, place: str) -> None:
    """Raise LedgerError if the bytes of a text are not UTF-8, or hold NUL."""
    if b"\0" in (value or b""):
        raise LedgerError(f"{place}: the text holds a NUL character.", "Remove it in the source; no text may hold one.")
    try:
        (value or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise LedgerError(
            f"{place}: {shown((value or b'').decode('utf-8', 'backslashreplace'))} is not UTF-8 text "
            "(half a surrogate pair, or bytes of another encoding).",
            "Correct the text in the source.",
        ) from None


def stage(con: duckdb.DuckDBPyConnection, select: str, staged: Path) -> None:
    """Write what a SELECT yields to a Parquet file, without loss: integers that Parquet has no type for become text."""
    columns = duck.columns_of(con, f"(\n{select}\n)")
    wide = [name for name, kind in columns.items() if kind in ("HUGEINT", "UHUGEINT", "UBIGINT")]
    replaced = ", ".join(f"CAST({duck.name(name)} AS VARCHAR) AS {duck.name(name)}" for name in wide)
    chosen = f"* REPLACE ({replaced})" if wide else "*"
    con.execute(f"COPY (SELECT {chosen} FROM (\n{select}\n)) TO {duck.text(str(staged))} (FORMAT parquet)")


@contextmanager
def explained_select(place: str) -> Iterator[None]:
    """Turn a SELECT that does not fit its tables into a LedgerError that names its file (``source/table.sql``)."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        first = " ".join(line.strip() for line in str(error).split("\n\n")[0].splitlines())
        raise LedgerError(
            f"{place} does not fit the ledger: {first}",
            "Compare the names in the SELECT with the columns of the ledger; a column may have been renamed.",
        ) from None


def refuse_if_found(check: Check, found: Sequence[tuple[object, ...]], label: str) -> None:
    """Refuse the ledger when a check of its source.yaml found rows."""
    if found:
        examples = "; ".join(", ".join(shown(str(value)) for value in row) for row in found[:_EXAMPLES])
        raise LedgerError(f"{label}: {check.message} ({len(found)} rows, such as {examples})", check.remedy)
