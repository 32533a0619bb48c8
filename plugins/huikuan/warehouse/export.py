"""Any view of schema ``collections`` as a file: Parquet and CSV for machines, XLSX for people.

Rows are read as finance reads them, a batch at a time, and amounts are never anything but decimals on the way. The
file is written under another name and renamed when it is whole.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import psycopg
from psycopg import sql

from huikuan.columns import key_columns
from huikuan.errors import WarehouseError
from huikuan.warehouse.connect import connect
from huikuan.warehouse.migrate import view_texts
from huikuan.warehouse.tables import RESULTS

if TYPE_CHECKING:
    import pyarrow

Format = Literal["parquet", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)
Say = Callable[[str], None]
Batches = Iterator[list[tuple[Any, ...]]]

SHEET_ROWS = 1_048_576
"""Of a sheet in Excel, its header included."""
_CELL_CHARACTERS = 32_767
_BATCH = 20_000
_SAY_EVERY = 5.0  # seconds
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet takes for a formula, or skips before one
_FIRST_EXCEL_DAY = date(1900, 1, 1)


@dataclass(frozen=True)
class Wanted:
    """What of a view is wanted; every condition that is None lets all rows through."""

    view: str
    business_date: date | None = None
    company_id: str | None = None
    rep_id: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of the answer: ``kind`` is PostgreSQL's name of its type."""

    name: str
    kind: str
    precision: int | None = None
    scale: int | None = None


def export(url: str, wanted: Wanted, target: Path, file_format: Format, say: Say) -> int:
    """Write the rows to ``target``, which is replaced; returns how many.

    Raises WarehouseError for an unknown view, a condition that the view has no column for, a missing date, more rows
    or longer text than a sheet holds, and a folder that cannot be written.
    """
    with connect(url, "finance_ro") as connection:
        query, parameters = _query(connection, wanted)
        row = connection.execute(sql.SQL("SELECT count(*) FROM ({}) AS counted").format(query), parameters).fetchone()
        rows = int(row[0]) if row else 0
        _check_room(rows, file_format, wanted.view)
        with connection.cursor(name="export") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(sql.SQL("{} ORDER BY {}").format(query, _order(wanted.view)), parameters)
            columns = _columns(connection, cursor)
            _write(target, file_format, columns, _batches(cursor, rows, say))
    return rows


def write_rows(
    target: Path, file_format: Format, columns: Sequence[Column], rows: Sequence[tuple[Any, ...]], name: str
) -> int:
    """Write rows that are at hand as ``export`` writes those of a view, and with its errors; returns how many."""
    _check_room(len(rows), file_format, name)
    batches = (list(rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH))
    _write(target, file_format, columns, batches)
    return len(rows)


def _check_room(rows: int, file_format: Format, name: str) -> None:
    if file_format == "xlsx" and rows >= SHEET_ROWS:
        raise WarehouseError(
            f"{rows:,} rows of {name} do not fit into a sheet, which holds {SHEET_ROWS - 1:,}.",
            "Take parquet or csv, or fewer rows: --company asks for one company.",
        )


def _query(connection: psycopg.Connection, wanted: Wanted) -> tuple[sql.Composed, dict[str, Any]]:
    if wanted.view not in view_texts():
        raise WarehouseError(
            f"There is no view {wanted.view}.", f"Views: {', '.join(sorted(view_texts()))}; docs/data-dictionary.md."
        )
    view = sql.Identifier("collections", wanted.view)
    described = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(view)).description or []
    names = {column.name for column in described}
    conditions: list[sql.Composable] = []
    if "business_date" in names:
        if wanted.business_date is None:
            raise WarehouseError(f"{wanted.view} has rows of every night.", "Say which with --date.")
        conditions.append(sql.SQL("v.business_date = %(business_date)s"))
    if wanted.company_id is not None:
        if "company_id" not in names:
            raise WarehouseError(f"{wanted.view} does not tell companies apart.", "Leave --company out.")
        conditions.append(sql.SQL("v.company_id = %(company_id)s"))
    if wanted.rep_id is not None:
        conditions.append(_of_rep(wanted.view, names))
    where = sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions)) if conditions else sql.SQL("")
    parameters = {
        "business_date": wanted.business_date,
        "company_id": wanted.company_id,
        "rep_id": wanted.rep_id,
    }
    return sql.SQL("SELECT v.* FROM {} AS v{}").format(view, where), parameters


def _of_rep(view: str, names: set[str]) -> sql.SQL:
    """The condition that rows are a rep's: named by the row itself, else by its account on that night."""
    if "rep_id" in names:
        return sql.SQL("v.rep_id = %(rep_id)s")
    if {"dimension", "member"} <= names:
        return sql.SQL("v.dimension = 'rep' AND v.member = %(rep_id)s")
    if {"company_id", "account_id", "business_date"} <= names:
        return sql.SQL(
            "(v.company_id, v.account_id) IN (SELECT a.company_id, a.account_id FROM collections.account AS a"
            " WHERE a.business_date = %(business_date)s AND a.rep_id = %(rep_id)s)"
        )
    raise WarehouseError(f"{view} does not tell reps apart.", "Leave --rep out.")


def _order(view: str) -> sql.Composable:
    """The key of a result's rows; of other views the first columns."""
    if view in RESULTS:
        return sql.SQL(", ").join(sql.SQL("v.") + sql.Identifier(name) for name in key_columns(RESULTS[view]))
    return sql.SQL("1, 2, 3")


def _columns(connection: psycopg.Connection, cursor: psycopg.ServerCursor) -> list[Column]:
    return [
        Column(
            column.name,
            found.name if (found := connection.adapters.types.get(column.type_code)) else "text",
            column.precision,
            column.scale,
        )
        for column in cursor.description or ()
    ]


def _batches(cursor: psycopg.ServerCursor, rows: int, say: Say) -> Batches:
    done, said = 0, time.monotonic()
    while batch := cursor.fetchmany(_BATCH):
        yield batch
        done += len(batch)
        if time.monotonic() - said >= _SAY_EVERY:
            said = time.monotonic()
            say(f"  {done:,} / {rows:,} 行 rows")


def _write(target: Path, file_format: Format, columns: Sequence[Column], batches: Batches) -> None:
    writers = {"parquet": _write_parquet, "csv": _write_csv, "xlsx": _write_xlsx}
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        writers[file_format](fresh, columns, batches)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as error:
        raise WarehouseError(
            f"{target} cannot be written: {error.strerror}.", "Name a folder that exists, may be written and has room."
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


# --- Parquet ----------------------------------------------------------------------------------------------------------


def _write_parquet(path: Path, columns: Sequence[Column], batches: Batches) -> None:
    """Types are the warehouse's: decimals with their places, days, UTC timestamps; json is its text."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([(column.name, _arrow_type(column)) for column in columns])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            arrays = [
                pyarrow.array(_json_text(values) if column.kind in {"json", "jsonb"} else values, field.type)
                for column, field, values in zip(columns, schema, zip(*batch, strict=True), strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _arrow_type(column: Column) -> pyarrow.DataType:
    import pyarrow

    if column.kind == "numeric":
        if column.precision is None or column.scale is None:
            raise WarehouseError(
                f"Column {column.name} does not say how many places it has.",
                "Cast it in its view: CAST(… AS numeric(18, 4)).",
            )
        return pyarrow.decimal128(column.precision, column.scale)
    kinds = {
        "bool": pyarrow.bool_(),
        "date": pyarrow.date32(),
        "int2": pyarrow.int64(),
        "int4": pyarrow.int64(),
        "int8": pyarrow.int64(),
        "timestamptz": pyarrow.timestamp("us", tz="UTC"),
    }
    return kinds.get(column.kind, pyarrow.string())


def _json_text(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]


# --- CSV --------------------------------------------------------------------------------------------------------------


def _write_csv(path: Path, columns: Sequence[Column], batches: Batches) -> None:
    """RFC 4180 with a byte order mark, by which Excel knows that it is UTF-8.

    Text is always in quotes and gets an apostrophe before what a spreadsheet would take for a formula; figures and
    days are bare; what is missing is nothing at all, and empty text is a pair of quotes.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(",".join(_csv_text(column.name) for column in columns) + "\r\n")
        for batch in batches:
            file.writelines(",".join(map(_csv_cell, row)) + "\r\n" for row in batch)


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, int | date):
        return str(value)
    return _csv_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _csv_text(text: str) -> str:
    guarded = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + guarded.replace('"', '""') + '"'


# --- XLSX -------------------------------------------------------------------------------------------------------------


def _write_xlsx(path: Path, columns: Sequence[Column], batches: Batches) -> None:
    """One sheet, row by row, so that its size does not matter; text is only ever written as text."""
    import xlsxwriter

    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd", "remove_timezone": True}
    inert = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options | inert) as book:
        sheet = book.add_worksheet("data")
        head = book.add_format({"bold": True, "bottom": 1})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        amounts: dict[int | None, Any] = {
            column.scale: book.add_format({"num_format": "#,##0" + ("." + "0" * column.scale if column.scale else "")})
            for column in columns
            if column.scale is not None
        }
        for place, column in enumerate(columns):
            sheet.set_column(place, place, max(len(column.name) + 2, 12))
            _written(sheet.write_string(0, place, column.name, head), 0, column)
        sheet.freeze_panes(1, 0)
        number = 0
        for batch in batches:
            for row in batch:
                number += 1
                for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                    _written(
                        _write_cell(sheet, number, place, value, amounts.get(column.scale), moment), number, column
                    )
        sheet.autofilter(0, 0, max(number, 1), len(columns) - 1)


def _write_cell(sheet: Any, row: int, place: int, value: Any, amount: Any, moment: Any) -> int:
    """XlsxWriter's return code. A number that Excel's fifteen digits would change is written as its text."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(sheet.write_boolean(row, place, value))
    if isinstance(value, int | Decimal):
        if Decimal(repr(float(value))) != value or len(Decimal(value).normalize().as_tuple().digits) > 15:
            return int(sheet.write_string(row, place, f"{value:f}" if isinstance(value, Decimal) else str(value)))
        return int(sheet.write_number(row, place, float(value), amount))
    if isinstance(value, datetime):
        return int(sheet.write_datetime(row, place, value.astimezone(UTC), moment))
    if isinstance(value, date):
        if value < _FIRST_EXCEL_DAY:
            return int(sheet.write_string(row, place, value.isoformat()))
        return int(sheet.write_datetime(row, place, value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return -2 if len(text) > _CELL_CHARACTERS else int(sheet.write_string(row, place, text))


def _written(result: int, row: int, column: Column) -> None:
    if result != 0:
        raise WarehouseError(
            f"Row {row}, column {column.name} does not fit into a sheet (code {result}).",
            "Take --format parquet or csv: they hold text of any length.",
        )
