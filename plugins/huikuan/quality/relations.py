"""One snapshot as DuckDB relations, and the narrow frames on which Great Expectations judges.

Schemas, each with one view per table of the contract (empty when the snapshot has no such file):

- ``raw``      every row of the file, with ``file_row_number`` (from 0)
- ``feed``     rows that count at as-of, quarantined or not (a null date counts: it is a fault, not a later fact)
- ``ledger``   every row that is not quarantined, whatever its date
- ``counted``  rows that count at as-of and are not quarantined
- ``facts``    what ``relations/<table>.sql`` found once for all rules about a table
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlalchemy import Table

from huikuan.columns import duckdb_type
from huikuan.ledger.contract import TABLES, dated_by
from huikuan.quality.model import Holds, InSet, Known, Present, Query, Rule, UniqueKey
from huikuan.quality.rules import RULES_FOLDER

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

OTHER = "∉"
"""Stands in a frame for every value outside its set, so that a column of garbage stays as small as a clean one."""


@dataclass(frozen=True)
class Frame:
    """One table at one stage: a row per row of ``feed.<table>``, indexed by file row number, plain dtypes only.

    ``columns`` names, for each rule id, the column of ``data`` on which the rule is judged.
    """

    data: pd.DataFrame
    columns: dict[str, str]


def open_relations(files: dict[str, Path], as_of: date, scratch: Path) -> duckdb.DuckDBPyConnection:
    """A connection with all relations of the module's docstring. ``scratch`` is where DuckDB spills."""
    connection = duckdb.connect(config={"memory_limit": "1200MB", "temp_directory": str(scratch)})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET VARIABLE as_of = $as_of::DATE", {"as_of": as_of})
    connection.execute(
        "CREATE TABLE quarantined (table_name VARCHAR, row_number BIGINT, rule_id VARCHAR, note VARCHAR);"
        "CREATE SCHEMA raw; CREATE SCHEMA feed; CREATE SCHEMA ledger; CREATE SCHEMA counted; CREATE SCHEMA facts"
    )
    for table in TABLES.values():
        connection.execute(f"CREATE VIEW raw.{table.name} AS {_raw(table, files.get(table.name))}")
    for table in TABLES.values():
        for schema, rows in (("feed", "raw"), ("counted", "ledger")):
            if schema == "counted":
                connection.execute(
                    f"CREATE VIEW ledger.{table.name} AS SELECT * FROM raw.{table.name} AS r WHERE NOT EXISTS ("
                    f"SELECT 1 FROM quarantined AS q WHERE q.table_name = '{table.name}' "
                    "AND q.row_number = r.file_row_number)"
                )
            connection.execute(f"CREATE VIEW {schema}.{table.name} AS {_dated(table, rows)}")
    return connection


def _raw(table: Table, path: Path | None) -> str:
    if path is None:
        columns = ", ".join(f"NULL::{duckdb_type(column)} AS {column.name}" for column in table.columns)
        return f"SELECT {columns}, NULL::BIGINT AS file_row_number WHERE FALSE"
    names = ", ".join(column.name for column in table.columns)
    literal = str(path).replace("'", "''")
    return f"SELECT {names}, file_row_number FROM read_parquet('{literal}', file_row_number = true)"


def _dated(table: Table, schema: str) -> str:
    """Rows that count at as-of. An instalment counts when its document does."""
    if table.name == "instalment":
        return (
            f"SELECT * FROM {schema}.instalment AS i WHERE NOT EXISTS (SELECT 1 FROM raw.document AS d "
            "WHERE d.company_id = i.company_id AND d.document_id = i.document_id "
            "AND d.issued_on > getvariable('as_of'))"
        )
    column = dated_by(table)
    if column is None:
        return f"SELECT * FROM {schema}.{table.name}"
    return f"SELECT * FROM {schema}.{table.name} WHERE coalesce(CAST({column} AS DATE) <= getvariable('as_of'), TRUE)"


def prepare_facts(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Compute ``facts.<table>`` when ``relations/<table>.sql`` exists."""
    path = RULES_FOLDER / "relations" / f"{table}.sql"
    if path.exists():
        connection.execute(f"CREATE TABLE facts.{table} AS {path.read_text(encoding='utf-8')}")


def drop_facts(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Give the memory of ``facts.<table>`` back."""
    connection.execute(f"DROP TABLE IF EXISTS facts.{table}")


def frame(connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]) -> Frame:
    """The frame on which ``rules``, all of ``table`` and of one stage, are judged."""
    selected: dict[str, str] = {}
    columns: dict[str, str] = {}
    categories = {rule.check.column: rule.check.values for rule in rules if isinstance(rule.check, InSet)}
    for number, rule in enumerate(rules):
        alias, expression = _column(connection, table, rule, number, categories)
        selected[alias] = expression
        columns[rule.rule_id] = alias
    listed = "".join(f", {expression} AS {alias}" for alias, expression in selected.items())
    data = connection.execute(f"SELECT f.file_row_number AS row_number{listed} FROM feed.{table} AS f").df()
    return Frame(data.set_index("row_number").sort_index().rename_axis(None), columns)


def _column(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rule: Rule,
    number: int,
    categories: dict[str, tuple[str, ...]],
) -> tuple[str, str]:
    """Alias and SQL of the column that a rule is judged on; two rules on one value share it."""
    check = rule.check
    if isinstance(check, UniqueKey):
        return "key_hash", f"hash({', '.join(f'f.{name}' for name in check.columns)})"
    if isinstance(check, (InSet, Present)):
        values = categories.get(check.column)
        if values is not None:
            return f"value_{check.column}", _category(check.column, values)
        return f"has_{check.column}", f"CASE WHEN f.{check.column} IS NOT NULL THEN 1::FLOAT END"
    if isinstance(check, Holds):
        return f"holds_{number}", f"({check.expression}) IS NOT FALSE"
    failing = f"failing_{number}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {failing} AS {_failing(table, check)}")
    return f"holds_{number}", f"f.file_row_number NOT IN (SELECT row_number FROM {failing})"


def _category(column: str, values: Iterable[str]) -> str:
    """A column as an ENUM (a pandas category), with all values outside the set as one."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    inside = f"CASE WHEN f.{column} IN ({listed}) THEN f.{column} WHEN f.{column} IS NOT NULL THEN '{OTHER}' END"
    return f"CAST({inside} AS ENUM ({listed}, '{OTHER}'))"


def _failing(table: str, check: Known | Query) -> str:
    """The rows, as ``row_number``, that fail a check over more than the row itself."""
    if isinstance(check, Query):
        return f"SELECT DISTINCT file_row_number AS row_number FROM ({check.sql}) WHERE is_ok IS FALSE"
    pairs = list(zip(check.columns, check.parent_columns, strict=True))
    same = " AND ".join(f"f.{mine} = p.{theirs}" for mine, theirs in pairs)
    given = " AND ".join(f"f.{mine} IS NOT NULL" for mine in check.columns)
    return (
        f"SELECT f.file_row_number AS row_number FROM feed.{table} AS f "
        f"ANTI JOIN ledger.{check.parent} AS p ON {same} WHERE {given}"
    )


def settle_keys(connection: duckdb.DuckDBPyConnection, rule: Rule, rows: np.ndarray[Any, Any]) -> dict[str, list[int]]:
    """Which of ``rows`` (equal key hashes) must go: {"copy": identical copies but the first, "conflict": the others}.

    The hash found candidates; this looks at the keys themselves. A row with a null in its key is another rule's case.
    Of rows with one key and different content all go, since nothing says which is right.
    """
    assert isinstance(rule.check, UniqueKey)  # noqa: S101  # narrows the type; suites call this for keys only
    import pandas as pd

    key = ", ".join(f"r.{name}" for name in rule.check.columns)
    given = " AND ".join(f"r.{name} IS NOT NULL" for name in rule.check.columns)
    content = ", ".join(f"r.{column.name}" for column in TABLES[rule.table].columns)
    connection.register("candidates", pd.DataFrame({"row_number": rows}))
    found = connection.execute(
        f"""
        WITH hashed AS (
            SELECT {key}, r.file_row_number AS n, hash({content}) AS content
            FROM raw.{rule.table} AS r SEMI JOIN candidates AS c ON r.file_row_number = c.row_number
            WHERE {given}
        ), compared AS (
            SELECT r.n,
                min(content) OVER same <> max(content) OVER same AS is_conflict,
                row_number() OVER (PARTITION BY {key}, content ORDER BY r.n) > 1 AS is_copy
            FROM hashed AS r WINDOW same AS (PARTITION BY {key})
        )
        SELECT n, CASE WHEN is_copy THEN 'copy' ELSE 'conflict' END AS note
        FROM compared WHERE is_conflict OR is_copy ORDER BY n
        """
    ).df()
    connection.unregister("candidates")
    return {note: found.loc[found["note"] == note, "n"].tolist() for note in ("copy", "conflict")}
