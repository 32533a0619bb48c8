"""What finance asks most, each as one short query against the views: ``include/sql/questions/*.sql``.

``python -m huikuan.warehouse.questions > docs/finance-queries.md`` asks them of the newest published night, as finance.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from huikuan.errors import WarehouseError
from huikuan.settings import INCLUDE, Settings
from huikuan.warehouse.connect import connect, warehouse_url

QUESTIONS = INCLUDE / "sql" / "questions"
_ROWS_SHOWN = 12
_HEAD = """\
# What finance asks most (财务常用查询)

Made by `python -m huikuan.warehouse.questions` from `include/sql/questions` and the newest night of the demo; do not
edit it by hand. Each query runs as `huikuan_finance_ro` with `search_path` set to `collections`, as
`python -m huikuan access grant --finance` leaves a login. How long they take with 100,000 accounts and three years of
nights stands in [benchmarks.md](benchmarks.md); every view and column in [data-dictionary.md](data-dictionary.md).

The views are a star. Facts (`open_item`, `account_balance`, `account_status`, `account_flag`, `metric`, …) have one row
per thing and night; the dimensions `account`, `rep` and `company` are as of the same night, so they are joined on
`business_date` and their key; `calendar_day` holds the days that any date joins to. **Always name the business date as
a value**: the database then opens the partitions of that night only. `SELECT max(business_date) FROM run` tells the
newest one.
"""


@dataclass(frozen=True)
class Question:
    """A question in both languages, and the query that answers it for ``$business_date``."""

    name: str
    en: str
    zh: str
    sql: str

    def query(self, business_date: date) -> str:
        """The query with the date as a literal, so that its partitions are known when it is planned."""
        return re.sub(r"\$business_date\b", f"DATE '{business_date}'", self.sql)


def questions(folder: Path = QUESTIONS) -> list[Question]:
    """All of them, in the order of their files. Raises WarehouseError when a file does not say what it asks."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) < 3 or not (lines[0].startswith("-- ") and lines[1].startswith("-- ")):
            raise WarehouseError(
                f"{path} does not say what it asks.",
                "Begin it with the question in English and in Chinese, as comments.",
            )
        found.append(Question(path.stem, lines[0][3:], lines[1][3:], "\n".join(lines[2:])))
    return found


def ask(connection: psycopg.Connection, question: Question, business_date: date) -> tuple[list[str], list[Any]]:
    """Column names and rows of the answer."""
    connection.execute("SET LOCAL search_path = collections")
    cursor = connection.execute(question.query(business_date))
    return [column.name for column in cursor.description or ()], cursor.fetchall()


def page(url: str) -> str:
    """Every question with its query and its answer on the newest published night, as Markdown."""
    with connect(url, "finance_ro") as connection:
        newest = connection.execute(
            "SELECT max(business_date) FROM collections.run WHERE status = 'published'"
        ).fetchone()
        if newest is None or newest[0] is None:
            raise WarehouseError("No night is published yet.", "Run `make demo` first.")
        parts = [_HEAD]
        for number, question in enumerate(questions(), start=1):
            names, rows = ask(connection, question, newest[0])
            parts.append(_section(number, question, newest[0], names, rows))
    return "\n".join(parts)


def _section(number: int, question: Question, day: date, names: list[str], rows: list[Any]) -> str:
    shown = rows[:_ROWS_SHOWN]
    lines = [
        f"## {number}. {question.en} {question.zh}",
        "",
        "```sql",
        question.query(day),
        "```",
        "",
        f"| {' | '.join(names)} |",
        "|" + "".join("---:|" if _is_figure(shown, place) else "---|" for place in range(len(names))),
        *(f"| {' | '.join(map(_cell, row))} |" for row in shown),
        "",
    ]
    if len(rows) > len(shown):
        lines += [f"… and {len(rows) - len(shown):,} more rows.", ""]
    return "\n".join(lines)


def _is_figure(rows: list[Any], place: int) -> bool:
    return any(isinstance(row[place], int | Decimal) and not isinstance(row[place], bool) for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.buffer.write(page(warehouse_url(Settings.from_environment())).encode("utf-8"))
