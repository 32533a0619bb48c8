"""One snapshot as DuckDB relations, and the narrow frames on which Great Expectations judges.

Schemas, each with one view per table of the contract (empty when the snapshot has no such file):

- ``raw``      every row of the file, with ``file_row_number`` (from 0)
- ``feed``     rows that count at as-of, quarantined or not (a null date counts: it is a fault, not a later fact)
- ``ledger``   every row that is not quarantined, whatever its date
- ``counted``  rows that count at as-of and are not quarantined
- ``left_out`` ``row_number`` of the rows quarantined so far
- ``facts``    what ``relations/<table>.sql`` found, after all first stages, once for all rules about a table: joins
  over text keys are what validation spends its time on, so each is made once and leaves row numbers behind
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
from huikuan.quality.rules import ORDER, RULES_FOLDER

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FACTS = RULES_FOLDER / "relations"
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
        "CREATE SCHEMA raw; CREATE SCHEMA feed; CREATE SCHEMA ledger; CREATE SCHEMA counted; CREATE SCHEMA left_out;"
        "CREATE SCHEMA facts"
    )
    for table in TABLES.values():
        connection.execute(f"CREATE VIEW raw.{table.name} AS {_raw(table, files.get(table.name))}")
        connection.execute(
            f"CREATE VIEW left_out.{table.name} AS SELECT DISTINCT row_number FROM quarantined "
            f"WHERE table_name = '{table.name}'"
        )
        connection.execute(f"CREATE VIEW ledger.{table.name} AS SELECT * FROM raw.{table.name}")
    for table in TABLES.values():
        connection.execute(f"CREATE VIEW feed.{table.name} AS {_dated(table, 'raw')}")
        connection.execute(f"CREATE VIEW counted.{table.name} AS {_dated(table, 'ledger')}")
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


def leave_out(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Let ``ledger.<table>`` leave the quarantined rows out; until a table has any, it is spared the join."""
    connection.execute(
        f"CREATE OR REPLACE VIEW ledger.{table} AS SELECT r.* FROM raw.{table} AS r "
        f"ANTI JOIN left_out.{table} AS x ON r.file_row_number = x.row_number"
    )


def prepare_facts(connection: duckdb.DuckDBPyConnection) -> None:
    """Compute the relations of schema ``facts``; to be called when all rules of the first stage have been judged."""
    for table in ORDER:
        path = FACTS / f"{table}.sql"
        if path.exists():
            connection.execute(f"CREATE TABLE facts.{table} AS {path.read_text(encoding='utf-8')}")


def first_frame(connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]) -> Frame:
    """The frame on which ``rules``, all of ``table`` and of the first stage, are judged."""
    selected: dict[str, str] = {}
    columns: dict[str, str] = {}
    categories = {rule.check.column: rule.check.values for rule in rules if isinstance(rule.check, InSet)}
    for number, rule in enumerate(rules):
        alias, expression = _column(rule, number, categories)
        if alias.startswith("failing"):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {alias} AS {_failing(rule)}")
        selected[alias] = expression
        columns[rule.rule_id] = alias
    listed = "".join(f", {expression} AS {alias}" for alias, expression in selected.items())
    data = connection.execute(f"SELECT f.file_row_number AS row_number{listed} FROM feed.{table} AS f").df()
    data = data.set_index("row_number").sort_index()
    return Frame(data.rename_axis(None), columns)  # GX lists the numbers of an unnamed index as they are


def later_frame(connection: duckdb.DuckDBPyConnection, rows: pd.Index[int], rules: Sequence[Rule]) -> Frame:
    """The frame on which rules of a later stage are judged. ``rows``: the index of the table's first frame."""
    import pandas as pd

    flags: dict[str, Any] = {}
    for number, rule in enumerate(rules):
        failing = connection.execute(_failing(rule)).fetchnumpy()["row_number"]
        flags[f"holds_{number}"] = ~rows.isin(failing)
    columns = {rule.rule_id: f"holds_{number}" for number, rule in enumerate(rules)}
    return Frame(pd.DataFrame(flags, index=rows), columns)


def _column(rule: Rule, number: int, categories: dict[str, tuple[str, ...]]) -> tuple[str, str]:
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
    return f"failing_{number}", f"f.file_row_number NOT IN (SELECT row_number FROM failing_{number})"


def _category(column: str, values: Iterable[str]) -> str:
    """A column as an ENUM (a pandas category), with all values outside the set as one."""
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in (*values, OTHER))
    kind = f"ENUM ({listed})"
    inside = f"coalesce(TRY_CAST(f.{column} AS {kind}), CAST('{OTHER}' AS {kind}))"
    return f"CASE WHEN f.{column} IS NOT NULL THEN {inside} END"


def _failing(rule: Rule) -> str:
    """SQL of the rows, as ``row_number``, that fail a check over more than the row itself."""
    check, table = rule.check, rule.table
    if isinstance(check, Query):
        return f"SELECT DISTINCT file_row_number AS row_number FROM ({check.sql}) WHERE is_ok IS FALSE"
    if not isinstance(check, Known):
        raise TypeError(f"{rule.rule_id}: a check of the row itself belongs to stage 0")
    given = " AND ".join(f"f.{mine} IS NOT NULL" for mine in check.columns)
    if check.parent == "document" and (FACTS / f"{table}.sql").exists():
        return (
            f"SELECT f.file_row_number AS row_number FROM facts.{table} AS f WHERE f.names_document "
            "AND (f.document_row IS NULL OR f.document_row IN (SELECT row_number FROM left_out.document))"
        )
    pairs = zip(check.columns, check.parent_columns, strict=True)
    same = " AND ".join(f"f.{mine} = p.{theirs}" for mine, theirs in pairs)
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
