"""The command line's finance report: a page and a sheet of paper per company, on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from huikuan.cli.options import BusinessDate, Company, Lake, Warehouse, locale_of, say, settings_of


def report(
    business_date: BusinessDate,
    company: Company = None,
    locale: Annotated[str, typer.Option(help="zh_CN or en.")] = "zh_CN",
    out: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("reports"),
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Finance report of a published night (应收账款报告): HTML and PDF per company."""
    from huikuan.finance.report import write_reports

    for made in write_reports(settings_of(lake, warehouse), business_date.date(), locale_of(locale), out, company):
        say(f"{made.company_id}  {made.html}")
        say(f"{made.company_id}  {made.pdf}")
