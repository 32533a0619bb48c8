"""Any database that SQLAlchemy has a driver for, through pandas in chunks.

Values are taken as the driver gives them and written as text without loss (a Decimal with all its digits, a time with
its offset), then cast as strictly as a file. ``pandas.read_sql`` would first make floats of whole numbers beside
nulls; frames of plain objects do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy
from sqlalchemy import Date
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from huikuan.errors import LedgerError
from huikuan.ledger import duck
from huikuan.ledger.casting import shown
from huikuan.ledger.contract import TABLES
from huikuan.ledger.databases import label_of, redacted
from huikuan.ledger.foreign import Mapping
from huikuan.ledger.formats import Formats
from huikuan.ledger.staging import (
    Workroom,
    check_required,
    digest,
    mapping_parts,
    refuse_if_found,
    write_parquet,
)

_CHUNK_ROWS = 50_000
_DOUBLE_DIGITS = 15


class OtherDatabase:
    """A database behind a SQLAlchemy URL. SELECTs of a foreign schema are sent to it as they stand, in its dialect."""

    def __init__(self, url: URL, mapping: Mapping | None) -> None:
        self.label = label_of(url, mapping)
        self._url = url
        self._mapping = mapping
        self._con: Connection | None = None
        self._workroom = Workroom()

    def fingerprint(self) -> str:
        return digest(label_of(self._url, None), *mapping_parts(self._mapping))

    def tables(self) -> list[str]:
        if self._mapping and self._mapping.selects:
            return list(self._mapping.selects)
        with self._explained():
            inspector = sqlalchemy.inspect(self._connection())
            schema = self._schema()
            present = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        check_required(present, self.label)
        return [table for table in TABLES if table in present]

    def write(self, table: str, target: Path) -> None:
        try:
            self._write(table, target)
        except BaseException:
            self.close()  # a refused ledger must not keep a transaction open in somebody's ERP
            raise

    def _write(self, table: str, target: Path) -> None:
        work = self._workroom.beside(target)
        staged = work / f"{table}.parquet"
        select = self._mapping.selects.get(table) if self._mapping else None
        label = f"{self._mapping.name}/{table}.sql" if self._mapping and select else f"{self.label}, table {table}"
        formats = self._mapping.description.formats if self._mapping else Formats()
        with self._explained():
            _stage(self._connection(), self._statement(table, select), table, label, formats, staged)
        stated_in = self._mapping.stated_in if self._mapping else "a source.yaml (and name it with --source)"
        with duck.connect(work) as caster:
            write_parquet(caster, staged, label, table, target, formats, stated_in, by_key=True)
        staged.unlink()

    def close(self) -> None:
        if self._con is not None:
            self._con.close()
            self._con.engine.dispose()
            self._con = None
        self._workroom.close()

    def _schema(self) -> str | None:
        return self._mapping.description.schema_ if self._mapping else None

    def _statement(self, table: str, select: str | None) -> sqlalchemy.Executable:
        if select:
            return sqlalchemy.text(select.replace(":", "\\:"))
        return sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(table, schema=self._schema()))

    def _connection(self) -> Connection:
        """One connection, and with it one transaction, for all tables."""
        if self._con is None:
            con = sqlalchemy.create_engine(self._url, hide_parameters=True).connect()
            self._con = con.execution_options(stream_results=True)
            for check in self._mapping.description.refuse if self._mapping else []:
                found = [tuple(row) for row in con.execute(sqlalchemy.text(check.sql.replace(":", "\\:")))]
                refuse_if_found(check, found, self.label)
        return self._con

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except LedgerError:
            self.close()
            raise
        except ModuleNotFoundError as error:
            raise LedgerError(
                f"{self.label} needs the Python package {error.name}, which is not installed.",
                f"Install it beside the program: uv pip install {error.name}.",
            ) from None
        except (SQLAlchemyError, OSError) as error:
            self.close()
            raise LedgerError(
                f"{self.label} cannot be read: {redacted(str(error), self._url)}",
                "Check the URL (driver, host, database, user), the right to read, and that the driver is installed.",
            ) from None


def _stage(
    con: Connection, statement: sqlalchemy.Executable, table: str, label: str, formats: Formats, staged: Path
) -> None:
    """Write the rows of a statement as text to a Parquet file, one row group per chunk."""
    result = con.execute(statement)
    names = list(result.keys())
    schema = pa.schema([(name, pa.string()) for name in names])
    days = {column.name for column in TABLES[table].columns if isinstance(column.type, Date)}
    first = 1
    with pq.ParquetWriter(staged, schema) as writer:
        for rows in result.partitions(_CHUNK_ROWS):
            frame = pd.DataFrame([tuple(row) for row in rows], columns=names, dtype=object)
            columns = [
                _text_column(frame[name], name in days, formats, first, f"{label}, column {name}") for name in names
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            first += len(frame)


def _text_column(values: pd.Series[Any], is_day: bool, formats: Formats, first: int, place: str) -> pa.Array:
    texts: list[str | None] = []
    for row, value in enumerate(values, start=first):
        text = _as_text(value, is_day, formats)
        if text is _UNKNOWN:
            raise LedgerError(
                f"{place}, row {row}: a value of type {type(value).__name__} has no place in the contract.",
                "Cast it in a SELECT of a source (--source).",
            )
        texts.append(text)
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        row, broken = next((row, text) for row, text in enumerate(texts, start=first) if text and not _encodes(text))
        raise LedgerError(
            f"{place}, row {row}: {shown(broken)} holds half a surrogate pair, which is no character.",
            "Correct the text in the source.",
        ) from None


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_UNKNOWN = "\0unknown type"


def _as_text(value: Any, is_day: bool, formats: Formats) -> str | None:
    """A driver's value as exact text, in the formats that are stated: the text of a column may come from the database.

    A midnight becomes its day where the contract asks for a day (Oracle's DATE has a time).
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | float):
        plain = format(value, "f") if isinstance(value, Decimal) else _float_as_text(value)
        return plain.replace(".", formats.decimal)
    if isinstance(value, datetime) and is_day and value == datetime(value.year, value.month, value.day):  # noqa: DTZ001
        value = value.date()
    if isinstance(value, datetime):
        stated = formats.timestamp_format
        return value.strftime(stated) if stated else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.strftime(formats.date_format) if formats.date_format else value.isoformat()
    if isinstance(value, int | UUID):
        return str(value)
    return _UNKNOWN


def _float_as_text(value: float) -> str:
    """The shortest text of a float if 15 digits hold it, else all its digits, which no amount may have."""
    short = Decimal(repr(value))
    if short.is_finite() and len(short.normalize().as_tuple().digits) > _DOUBLE_DIGITS:
        return format(Decimal(value), "f")
    return format(short, "f")
