"""Pictures of statements and of the finance report for the documentation (``make gallery``).

Statements are those of ``statement_samples``: one page, and first and last of twelve, in both languages. The report is
that of a company of the demo: the page as a browser shows it, and the sheet of paper. Needs Debian's chromium,
poppler-utils and fonts-noto-cjk.
"""

from __future__ import annotations

import argparse
import subprocess
from io import BytesIO
from pathlib import Path

from PIL import Image

from huikuan.finance import report
from huikuan.finance.report_rows import Figures, read_figures
from huikuan.finance.statement_files import make_files
from huikuan.letters.facts import open_night
from huikuan.outreach.browser import View, chromium, picture
from huikuan.wording import LOCALES
from tests.statement_samples import CHINESE, ENGLISH, statement

PAPER_DPI = 80
GAP, GAP_COLOUR = 10, 128  # pixels between two pages, and their grey
LONG = 12
GREYS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True, help="business date of a night in the lake")
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    figures = largest(given.lake, given.date)
    for locale in LOCALES:
        for pages, items in ((1, 4), (LONG, items_for(locale, LONG))):
            paper = sheets(statement_pdf(locale, items))
            shown = paper if pages == 1 else [paper[0], paper[-1]]
            save(side_by_side(shown), given.out / f"statement-{locale}-{pages}.png")
        page = picture(chromium(), report.page(figures, locale), View("report", 1200))
        (given.out / f"finance-report-{locale}.png").write_bytes(page)
        save(side_by_side(sheets(report.pdf(figures, locale))), given.out / f"finance-report-{locale}-paper.png")


def largest(lake: Path, business_date: str) -> Figures:
    """The figures of the published night of a date: of the first company whose table of exposures is longest."""
    run_id = (lake / "results" / business_date).resolve(strict=True).parent.name
    found = read_figures(open_night(lake, run_id))
    return max(found, key=lambda figures: (len(figures.rows["exposures"]), -found.index(figures)))


def statement_pdf(locale: str, items: int) -> bytes:
    return make_files(statement(locale, items), CHINESE if locale == "zh_CN" else ENGLISH).pdf


def items_for(locale: str, pages: int) -> int:
    """The most items, in steps of 25 from 100, that fill so many pages."""
    count = 100
    sender = CHINESE if locale == "zh_CN" else ENGLISH
    while make_files(statement(locale, count + 25), sender).page_count <= pages:
        count += 25
    return count


def sheets(pdf: bytes) -> list[Image.Image]:
    """Every page of a PDF as a picture."""
    command = ["pdftoppm", "-r", str(PAPER_DPI), "-png", "-"]
    run = subprocess.run(command, input=pdf, capture_output=True, check=True)
    end = b"IEND\xaeB`\x82"
    return [Image.open(BytesIO(part + end)).convert("RGB") for part in run.stdout.split(end) if part]


def side_by_side(pages: list[Image.Image]) -> Image.Image:
    width = sum(page.width for page in pages) + GAP * (len(pages) - 1)
    whole = Image.new("RGB", (width, max(page.height for page in pages)), (GAP_COLOUR,) * 3)
    left = 0
    for page in pages:
        whole.paste(page, (left, 0))
        left += page.width + GAP
    return whole


def save(image: Image.Image, path: Path) -> None:
    image.quantize(GREYS).save(path, optimize=True)


if __name__ == "__main__":
    main()
