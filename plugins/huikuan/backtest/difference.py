"""What differs between the two sides of a replay, as tables: one Parquet file and one CSV file each.

The SELECTs are ``include/sql/backtest/<table>.sql``. They read the replayed results as ``a.<table>`` and ``b.<table>``,
every night at once, and each other. Money is in the functional currency of its company and never summed across.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from huikuan.backtest.nights import BacktestError, known_company
from huikuan.backtest.replay import COMPARED, NIGHTS, SIDES
from huikuan.columns import duckdb_type
from huikuan.settings import INCLUDE
from huikuan.warehouse.tables import RESULTS

SQL = INCLUDE / "sql" / "backtest"
TABLES = (
    "move",
    "matrix",
    "sanction",
    "sanction_night",
    "task_load",
    "money",
    "moved_account",
    "reason",
    "summary",
)
"""What is written, each after what it reads; ``pair`` before them is only a step on the way."""

_FORMULA = r"^[=+\-@\t\r]"  # what a spreadsheet would execute


def difference(folder: Path, company: str | None = None) -> dict[str, int]:
    """Write the tables of a replay into ``folder``; returns their rows. ``company`` leaves out all others.

    Raises BacktestError when the folder holds no replay, or the replay does not know the company.
    """
    record = read_record(folder)
    counts: dict[str, int] = {}
    with _sides(folder, [night["business_date"] for night in record["nights"]], company) as connection:
        for name in ("pair", *TABLES):
            select = (SQL / f"{name}.sql").read_text(encoding="utf-8")
            connection.execute(f"CREATE TABLE {name} AS {select}")
        for name in TABLES:
            counts[name] = _write(connection, name, folder)
        found = connection.execute("SELECT name, scope, value, unit FROM summary ORDER BY ALL").fetchall()
    summary = [list(map(str, row)) for row in found]
    _update_record(folder, record | {"company": company, "rows": counts, "summary": summary})
    return counts


def remove_nights(folder: Path) -> None:
    """Give back the space of the replayed nights, which nothing but ``difference`` reads."""
    shutil.rmtree(folder / NIGHTS, ignore_errors=True)


def read_record(folder: Path) -> dict[str, Any]:
    """``replay.json``: the nights, the policies and what changed between them; after ``difference`` the summary too."""
    try:
        record: dict[str, Any] = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BacktestError(f"{folder} holds no finished replay.", "Replay the nights first.") from error
    return record


def _update_record(folder: Path, record: dict[str, Any]) -> None:
    fresh = folder / ".replay.json"
    fresh.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(folder / "replay.json")


@contextmanager
def _sides(folder: Path, days: list[str], company: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with schemas a and b: every compared table over all nights, and each company's currency.

    ``company`` leaves out the rows of all others.
    """
    nights = [folder / NIGHTS / day for day in days]
    if not all(night.is_dir() for night in nights):
        raise BacktestError(f"The replayed nights in {folder} were removed.", "Replay the nights again.")
    with tempfile.TemporaryDirectory(prefix="huikuan-duckdb-") as spill, duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{_quoted(spill)}'")
        connection.execute("SET memory_limit = '2GB'")
        companies = _files([night / "both" / "company.parquet" for night in nights])
        connection.execute(f"CREATE TABLE company AS SELECT * FROM {companies}")
        known = connection.execute("SELECT DISTINCT company_id FROM company").fetchall()
        known_company(company, {row[0] for row in known})
        chosen = "TRUE" if company is None else f"company_id = '{_quoted(company)}'"
        for side in SIDES:
            connection.execute(f"CREATE SCHEMA {side}")
            for name in COMPARED:
                _attach(connection, side, name, [night / side / f"{name}.parquet" for night in nights], chosen)
        yield connection


def _attach(connection: duckdb.DuckDBPyConnection, side: str, name: str, files: list[Path], chosen: str) -> None:
    there = [file for file in files if file.exists()]
    if there:
        connection.execute(f"CREATE VIEW {side}.{name} AS SELECT * FROM {_files(there)} WHERE {chosen}")
    else:  # no model yields this table yet
        columns = ", ".join(f'"{column.name}" {duckdb_type(column)}' for column in RESULTS[name].columns)
        connection.execute(f"CREATE TABLE {side}.{name} ({columns})")


def _write(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> int:
    """One Parquet file, and one CSV file whose texts no spreadsheet takes for a formula."""
    described = connection.execute(f"DESCRIBE {name}").fetchall()
    columns = {str(row[0]): str(row[1]) for row in described}
    order = ", ".join(f'"{column}"' for column in columns)
    safe = ", ".join(_inert(column) if kind == "VARCHAR" else f'"{column}"' for column, kind in columns.items())
    target = _quoted(folder / name)
    connection.execute(f"COPY (SELECT * FROM {name} ORDER BY {order}) TO '{target}.parquet' (FORMAT parquet)")
    connection.execute(
        f"COPY (SELECT {safe} FROM {name} ORDER BY {order}) TO '{target}.csv' (FORMAT csv, HEADER, FORCE_QUOTE *)"
    )
    row = connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def _inert(column: str) -> str:
    """A text column with an apostrophe before what a spreadsheet would execute."""
    quote = "''''"  # one apostrophe, as SQL writes it
    starts = f"regexp_matches(\"{column}\", '{_FORMULA}')"
    return f'CASE WHEN {starts} THEN {quote} || "{column}" ELSE "{column}" END AS "{column}"'


def _files(files: list[Path]) -> str:
    names = ", ".join(f"'{_quoted(file)}'" for file in files)
    return f"read_parquet([{names}])"


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
