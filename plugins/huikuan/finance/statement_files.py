"""The two files of a statement, PDF and workbook: the same statement always gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from huikuan.errors import FinanceError
from huikuan.finance.statement_page import Sender, pages, sheets
from huikuan.finance.statement_rows import Statement
from huikuan.letters.font import find_font, printable
from huikuan.letters.pdf import TEMPLATES, render, slugs
from huikuan.outreach.workbook import book_of

_COUNT = re.compile(rb"<</Type/Pages/Count (\d+)")


@dataclass(frozen=True)
class Files:
    """A statement on paper and as a workbook."""

    number: str
    stem: str
    pdf: bytes
    workbook: bytes
    page_count: int

    @property
    def pdf_hash(self) -> str:
        """SHA-256 of the PDF."""
        return hashlib.sha256(self.pdf).hexdigest()

    @property
    def workbook_hash(self) -> str:
        """SHA-256 of the workbook."""
        return hashlib.sha256(self.workbook).hexdigest()


def number_of(statement: Statement, sender: Sender) -> str:
    """The number that the customer reads: other figures, another number."""
    shown = json.dumps([asdict(statement), asdict(sender)], sort_keys=True, default=str, ensure_ascii=False)
    digest = hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()[:10].upper()
    return f"{statement.cut_off:%Y%m%d}-{digest}"


def make_files(statement: Statement, sender: Sender) -> Files:
    """Lay out one statement.

    Raises FinanceError when it holds characters that no font of ours has, or that are no text: a customer is not asked
    to sign what cannot be read. Raises LetterError when typst cannot lay it out, OutreachError when a cell cannot be
    written.
    """
    number = number_of(statement, sender)
    content, lacking = printable(pages(statement, sender, number), font := find_font())
    if lacking:
        codes = ", ".join(f"U+{ord(character):04X}" for character in lacking[:10])
        raise FinanceError(
            f"The statement of account {statement.key[1]} of company {statement.key[0]} cannot be printed: {codes}.",
            "Correct the name or number that holds these characters in the ledger, or write this statement by hand.",
        )
    pdf = render(content, font, statement.cut_off, TEMPLATES / "statement.typ")
    moment = datetime.combine(statement.cut_off, datetime.min.time(), UTC)
    book = book_of(sheets(statement, sender, number), moment)
    return Files(number, file_stem(statement.key, statement.cut_off), pdf, book, count_pages(pdf))


def file_stem(key: tuple[str, str], cut_off: date) -> str:
    """A file name from ids: letters and figures only; two accounts never share one."""
    return "-".join([f"{cut_off:%Y%m%d}", *slugs(key)])


def count_pages(pdf: bytes) -> int:
    """Pages of a PDF that typst wrote: its page tree is never compressed."""
    found = _COUNT.search(pdf)
    if found is None:
        raise FinanceError("A PDF was made whose pages cannot be counted.", "Report the version of typst.")
    return int(found.group(1))
