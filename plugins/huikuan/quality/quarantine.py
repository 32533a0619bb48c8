"""Rows left out of the night: marked while rules are judged, written at the end with the row and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Table

from huikuan.ledger.contract import TABLES
from huikuan.quality.model import Known, Rule
from huikuan.quality.relations import leave_out

NOTES = {
    "copy": "This row is an identical copy of an earlier one, which was kept.",
    "conflict": "Another row has the same key and different content; nothing says which is right, so none was kept.",
    "parent": "The row it refers to was quarantined itself.",
    "missing": "The row it refers to is not in the ledger.",
    "": "",
}


def mark(connection: duckdb.DuckDBPyConnection, rule: Rule, rows: Sequence[int], note: str = "") -> None:
    """Take ``rows`` (file row numbers) of the rule's table out of ``ledger`` and ``counted``."""
    if len(rows) == 0:
        return
    import pandas as pd

    connection.register("caught", pd.DataFrame({"n": rows}))
    connection.execute(
        f"INSERT INTO quarantined SELECT '{rule.table}', n, '{rule.rule_id}', {_note(rule, note)} FROM caught"
    )
    connection.unregister("caught")
    leave_out(connection, rule.table)


def _note(rule: Rule, note: str) -> str:
    """SQL of the note: a reference that fails says whether its parent is missing or quarantined."""
    check = rule.check
    if not isinstance(check, Known):
        return f"'{note}'"
    same = " AND ".join(
        f"f.{mine} = p.{theirs}" for mine, theirs in zip(check.columns, check.parent_columns, strict=True)
    )
    return (
        f"CASE WHEN n IN (SELECT f.file_row_number FROM raw.{rule.table} AS f SEMI JOIN raw.{check.parent} AS p "
        f"ON {same}) THEN 'parent' ELSE 'missing' END"
    )


def write(connection: duckdb.DuckDBPyConnection, rules: Iterable[Rule], target: Path) -> None:
    """``quarantine.parquet``: table_name, row_number, rule_id, row (JSON text), reason; ordered by the first three."""
    import pandas as pd

    sentences = [
        {
            "rule_id": rule.rule_id,
            "note": note,
            "reason": " ".join(part for part in (rule.description_en, text, f"Remedy: {rule.remedy}") if part),
        }
        for rule in rules
        if rule.severity == "critical"
        for note, text in NOTES.items()
    ]
    connection.register("sentences", pd.DataFrame(sentences))
    tables = [row[0] for row in connection.execute("SELECT DISTINCT table_name FROM quarantined").fetchall()]
    parts = [_part(TABLES[name]) for name in sorted(tables)] or [_NONE]
    literal = str(target).replace("'", "''")
    connection.execute(
        f"COPY (SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY table_name, row_number, rule_id) "
        f"TO '{literal}' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.unregister("sentences")


def read(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    """Mark the rows that ``write`` wrote down; of the notes, ``copy`` alone is known again."""
    connection.execute(
        "INSERT INTO quarantined SELECT table_name, row_number, rule_id,"
        " CASE WHEN contains(reason, ?) THEN 'copy' ELSE '' END FROM read_parquet(?)",
        [NOTES["copy"], str(source)],
    )


def money_left_out(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, Decimal]]]:
    """Per rule, the amounts of the rows that it caught, by currency; identical copies of a kept row are no money."""
    tables = [row[0] for row in connection.execute("SELECT DISTINCT table_name FROM quarantined").fetchall()]
    found: dict[str, list[tuple[str, Decimal]]] = {}
    for name in sorted(tables):
        if not {"amount", "currency"} <= {column.name for column in TABLES[name].columns}:
            continue
        rows = connection.execute(
            f"SELECT q.rule_id, r.currency, sum(r.amount)::DECIMAL(38, 4) FROM quarantined AS q"
            f" JOIN raw.{name} AS r ON q.row_number = r.file_row_number WHERE q.table_name = '{name}'"
            " AND q.note <> 'copy' AND r.currency IS NOT NULL AND r.amount IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for rule_id, currency, amount in rows:
            found.setdefault(rule_id, []).append((currency, amount))
    return found


_NONE = (
    "SELECT ''::VARCHAR AS table_name, 0::BIGINT AS row_number, ''::VARCHAR AS rule_id, ''::VARCHAR AS row, "
    "''::VARCHAR AS reason WHERE FALSE"
)


def _part(table: Table) -> str:
    return (
        f"SELECT q.table_name, q.row_number, q.rule_id, {row_as_json(table, 'r')} AS row, s.reason "
        f"FROM quarantined AS q JOIN raw.{table.name} AS r ON q.row_number = r.file_row_number "
        "JOIN sentences AS s ON q.rule_id = s.rule_id AND q.note = s.note "
        f"WHERE q.table_name = '{table.name}'"
    )


def row_as_json(table: Table, alias: str) -> str:
    """SQL of a row as JSON text: every value as text, so that amounts keep their digits; NUL is shown as ␀.

    PostgreSQL's jsonb refuses the character NUL, and a quarantined row must never be what stops the publication.
    """
    pairs = ", ".join(
        f"{column.name} := replace(CAST({alias}.{column.name} AS VARCHAR), chr(0), '␀')" for column in table.columns
    )
    return f"CAST(to_json(struct_pack({pairs})) AS VARCHAR)"


def examples(
    connection: duckdb.DuckDBPyConnection, rule: Rule, rows: Sequence[int], limit: int
) -> list[dict[str, Any]]:
    """The first ``limit`` of ``rows``, each as {"row_number", "row"} for the report."""
    table = TABLES[rule.table]
    found = connection.execute(
        f"SELECT r.file_row_number, {row_as_json(table, 'r')} FROM raw.{rule.table} AS r "
        "WHERE r.file_row_number IN (SELECT unnest($rows::BIGINT[])) ORDER BY 1",
        {"rows": [int(row) for row in rows[:limit]]},
    ).fetchall()
    return [{"row_number": number, "row": row} for number, row in found]
