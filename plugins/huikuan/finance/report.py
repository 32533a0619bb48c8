"""The finance report (应收账款月报): one page per company as HTML and as PDF, from the rows of one published run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from huikuan.drawing import VARIABLES
from huikuan.errors import FinanceError
from huikuan.finance.report_charts import PAPER
from huikuan.finance.report_page import content
from huikuan.finance.report_rows import Figures, read_figures
from huikuan.letters.facts import open_night
from huikuan.letters.font import FAMILY, find_font, printable
from huikuan.letters.pdf import TEMPLATES, render, slugs, write
from huikuan.settings import INCLUDE, Settings
from huikuan.warehouse.connect import warehouse_url
from huikuan.warehouse.publish import current_run
from huikuan.wording import Wording

CATALOGUE = "report"
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_TYPST = TEMPLATES / "finance_report.typ"


@dataclass(frozen=True)
class Report:
    """Where the report of one company lies."""

    company_id: str
    html: Path
    pdf: Path


def write_reports(
    settings: Settings, business_date: date, locale: str, folder: Path, company: str | None = None
) -> list[Report]:
    """Write the report of every company of a published night, or of one; returns where they are.

    Raises FinanceError when nothing is published for that date, or no company has that id.
    """
    run = current_run(warehouse_url(settings), business_date, "finance_ro")
    if run is None:
        raise FinanceError(f"No run of {business_date} is published.", "Run the night first, or name another --date.")
    night = open_night(settings.lake, run.run_id)
    found = read_figures(night, company)
    if not found:
        raise FinanceError(
            f"The run of {business_date} has no company {company or ''}.", "Name one that the ledger has."
        )
    return [_write_one(figures, locale, folder) for figures in found]


def page(figures: Figures, locale: str) -> str:
    """The report as one HTML page that opens anywhere: no other file, no network, light, dark or on paper."""
    environment = Environment(
        loader=FileSystemLoader(INCLUDE / "templates" / "finance"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = lambda svg: Markup(svg)  # noqa: S704  # made by huikuan.drawing, which escapes
    wording = Wording(locale, CATALOGUE)
    return environment.get_template("report.html.j2").render(report=content(figures, wording, VARIABLES))


def pdf(figures: Figures, locale: str) -> bytes:
    """The report on one sheet of A4. Raises LetterError when typst or the font for Chinese is missing."""
    font = find_font()
    told, _ = printable(_on_paper(content(figures, Wording(locale, CATALOGUE), PAPER)), font)
    return render(told, font, figures.as_of, _TYPST)


def _on_paper(told: dict[str, Any]) -> dict[str, Any]:
    """Drawings as documents of their own, in the sheet's typeface, on one line: a line break is no character."""

    def drawn(svg: str) -> str:
        whole = svg.replace("<svg ", f"<svg {_NAMESPACES} ", 1)
        return re.sub(r"font-family: [^;\"]*", f"font-family: '{FAMILY}'", " ".join(whole.split()))

    cells = [
        [{**block, "chart": drawn(block["chart"]) if block["chart"] else ""} for block in cell]
        for cell in told["cells"]
    ]
    return {**told, "cells": cells}


def _write_one(figures: Figures, locale: str, folder: Path) -> Report:
    name = "-".join(["finance-report", f"{figures.business_date:%Y%m%d}", *slugs([figures.company_id])[:1], locale])
    return Report(
        figures.company_id,
        write(folder / f"{name}.html", page(figures, locale).encode("utf-8", "replace")),
        write(folder / f"{name}.pdf", pdf(figures, locale)),
    )
