"""The command line's export: any view as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from huikuan.cli.options import DAY, Lake, Warehouse, file_format_of, prepared, say


def export(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="View of schema collections (docs/data-dictionary.md).")],
    out: Annotated[Path, typer.Option(help="File to write; replaced when it is there.")],
    business_date: Annotated[
        datetime | None, typer.Option("--date", formats=DAY, help="Business date (业务日) of the rows.")
    ] = None,
    company: Annotated[str | None, typer.Option(help="Only this company's rows (公司).")] = None,
    rep: Annotated[str | None, typer.Option(metavar="REP", help="Only rows of this rep's accounts (业务员).")] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="parquet, csv or xlsx; default: by the name of the file.")
    ] = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Write rows of a view to a file (导出): exact amounts, and text that no spreadsheet runs."""
    from huikuan.warehouse import export as exports

    wanted = file_format_of(out, file_format)
    url, _ = prepared(lake, warehouse)
    asked = exports.Wanted(view, business_date.date() if business_date else None, company, rep)
    rows = exports.export(url, asked, out, wanted, say)
    say(f"已导出 exported {rows:,} 行 rows: {out}")
