"""Tables and cells of a letter's pages, as the templates read them."""

from __future__ import annotations

from datetime import date
from typing import Any

from huikuan.wording import Wording

SHORT, LONG = 160, 600  # characters of a name and of a text in print; the data holds the whole
NONE = "–"

Table = dict[str, Any]
"""columns: title, align, and width in mm or in shares; rows: cells; total: how many last rows are sums."""


def section(title: str, paragraphs: list[str], tables: list[Table]) -> dict[str, Any]:
    """A numbered section."""
    return {"title": title, "paragraphs": paragraphs, "tables": tables}


def table(
    columns: list[dict[str, Any]],
    rows: list[list[str]],
    empty: str,
    *,
    total: int = 0,
    title: str = "",
    small: bool = False,
) -> Table:
    """A table; ``empty`` is what stands in its place when it has no rows, ``small`` is for many columns."""
    return {"columns": columns, "rows": rows, "empty": empty, "total": total, "title": title, "small": small}


def column(title: str, *, align: str = "left", mm: int | None = None, fr: int | None = None) -> dict[str, Any]:
    """A column, ``mm`` wide or taking ``fr`` shares of what is left."""
    return {"title": title, "align": align, **({"mm": mm} if mm is not None else {"fr": fr})}


def cut(text: str, limit: int) -> str:
    """One line of at most ``limit`` characters."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def iso(day: date | None) -> str:
    """The day in figures, for columns."""
    return day.isoformat() if day else NONE


def long_day(day: date | None, wording: Wording) -> str:
    """The day as it stands in sentences."""
    return wording.day(day) if day else NONE
