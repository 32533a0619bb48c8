"""The data dictionary, made from the two contracts.

``python -m huikuan.warehouse.dictionary > docs/data-dictionary.md``
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy import Column, LargeBinary, Table

from huikuan.columns import allowed_values, key_columns, type_name
from huikuan.ledger.contract import OWN_TABLES, TABLES, dated_by, is_optional
from huikuan.warehouse.migrate import view_comments, view_texts
from huikuan.warehouse.tables import RESULTS, STORE

_BAR = "&#124;"  # a bar would end the cell
_HEAD = """\
# Data dictionary (数据字典)

Made from the contracts in `plugins/huikuan/ledger/contract.py` and `plugins/huikuan/warehouse/tables.py` by
`python -m huikuan.warehouse.dictionary`; do not edit it by hand.

**Bold** columns are the key. *Required* columns are never empty. Money is decimal with four places; amounts of
different currencies are never summed; timestamps are UTC.
"""
_LEDGER = """\
## What a ledger yields (账套)

A folder of `<table>.csv` or `<table>.parquet` files with these columns is a complete source. Tables marked ○ may be
missing: the features that need them are off, and the night says so.
"""
_OWN = """\
## What a night reads from its own warehouse (自有输入)

Extracted with the ledger into the same snapshot: what people decided, and what was really sent. A source does not yield
them.
"""
_RESULTS = """\
## What a night publishes (结果)

Read these by name from schema `collections`: a view shows, for each business date, the run that is current. Behind it
stands a table of the same name in schema `store`, with a partition for each run.
"""
_VIEWS = """\
## What else readers query (其他视图)

Views of schema `collections` beside those of the results. Every view and column carries a comment in the database too.
[finance-queries.md](finance-queries.md) asks the ten questions that finance asks most; how facts and dimensions join
stands at its top.
"""
_PLAIN = """\
## What the warehouse keeps for itself (内部)

Tables of schema `store`; what readers see of them are the other views above.
"""


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    plain = [table for table in STORE.tables.values() if table.name not in RESULTS]
    sections = [
        _HEAD,
        _contents("Ledger", list(TABLES.values())),
        _contents("Own inputs", list(OWN_TABLES.values())),
        _contents("Results", list(RESULTS.values())),
        _contents("Internal", plain),
        _LEDGER,
        *(_section(table, _ledger_notes(table)) for table in TABLES.values()),
        _OWN,
        *(_section(table, _ledger_notes(table)) for table in OWN_TABLES.values()),
        _RESULTS,
        *(_section(table, []) for table in RESULTS.values()),
        _VIEWS,
        _views(),
        _PLAIN,
        *(_section(table, []) for table in plain),
    ]
    return "\n".join(sections)


def _views() -> str:
    """One line per view that is no result's: its name and the comment at the head of its file."""
    texts = view_texts()
    lines = [f"- `{name}`: {view_comments(name, texts[name])[0]}" for name in sorted(set(texts) - set(RESULTS))]
    return "\n".join([*lines, ""])


def _contents(name: str, tables: list[Table]) -> str:
    return f"{name}: " + " · ".join(f"[{_title(table)}](#{_anchor(table)})" for table in tables) + "\n"


def _title(table: Table) -> str:
    """The name as a reader writes it: ledger and results bare; internal ones, and namesakes, with their schema."""
    if table.schema is not None and table.name in RESULTS:
        return f"collections.{table.name}" if table.name in TABLES else table.name
    return table.name if table.schema is None else f"{table.schema}.{table.name}"


def _anchor(table: Table) -> str:
    """GitHub's anchor of the table's heading."""
    return _title(table).replace(".", "")


def _section(table: Table, notes: list[str]) -> str:
    rows = [_row(table, column) for column in table.columns]
    return "\n".join(
        [
            f"### {_title(table)}",
            "",
            " ".join([str(table.comment), *notes]),
            "",
            "| column | type | | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _ledger_notes(table: Table) -> list[str]:
    notes = ["○ Optional."] if is_optional(table) else []
    column = dated_by(table)
    if column:
        notes.append(f"A row counts from its `{column}` on.")
    return notes


def _row(table: Table, column: Column[Any]) -> str:
    name = f"**{column.name}**" if column.name in key_columns(table) else column.name
    meaning = str(column.comment)
    values = allowed_values(column)
    if values:
        meaning += " One of " + ", ".join(f"`{value}`" for value in values) + "."
    targets = sorted({key.target_fullname for key in column.foreign_keys})
    if column.name == "company_id":  # it is part of every reference between a company's tables: say the plain one
        targets = [target for target in targets if target == "company.company_id"]
    if targets:
        meaning += " → " + ", ".join(f"`{target}`" for target in targets) + "."
    kind = "bytes" if isinstance(column.type, LargeBinary) else type_name(column)
    return f"| {name} | {kind} | {'' if column.nullable else 'required'} | {meaning.replace('|', _BAR)} |"


if __name__ == "__main__":
    sys.stdout.buffer.write(dictionary().encode("utf-8"))  # whatever the terminal's encoding: it goes into a file
