"""The finance report: one sheet in either language, every word translated, nothing of a ledger that is not text."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from huikuan.drawing import VARIABLES
from huikuan.finance import report_page
from huikuan.finance.report import CATALOGUE, page, pdf
from huikuan.finance.report_page import content
from huikuan.wording import LOCALES, Wording, translations
from tests.report_samples import LONG, empty, full

POISON = "{{ 7*7 }}</td><script>a(1)</script>\r\n\u202e𠮷"


def pages_of(made: bytes) -> list[str]:
    return [" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(BytesIO(made)).pages]


@pytest.mark.fonts
@pytest.mark.parametrize("locale", LOCALES)
def test_the_longest_report_is_one_sheet(locale: str) -> None:
    (sheet,) = pages_of(pdf(full(), locale))
    assert LONG[:30] in sheet
    assert Wording(locale, CATALOGUE).text("Largest exposures") in sheet


@pytest.mark.fonts
@pytest.mark.parametrize("locale", LOCALES)
def test_a_company_without_figures_says_so(locale: str) -> None:
    (sheet,) = pages_of(pdf(empty(), locale))
    text = Wording(locale, CATALOGUE).text
    for message in ("Nothing is owed.", "No month end before this one.", "No exchange rate for a total."):
        assert text(message) in sheet
        assert text(message) in page(empty(), locale)


@pytest.mark.fonts
def test_equal_figures_give_equal_sheets() -> None:
    assert pdf(full(), "en") == pdf(full(), "en")


def test_what_the_ledger_calls_a_customer_is_text() -> None:
    told = page(full(POISON), "en")
    assert "<script" not in told
    assert "&lt;script&gt;a(1)&lt;/script" in told
    assert "{{ 7*7 }}" in told  # a template's braces are letters like all others


@pytest.mark.fonts
def test_what_cannot_be_printed_does_not_turn_the_text() -> None:
    (sheet,) = pages_of(pdf(full("\u202eabc"), "en"))
    assert "\u202e" not in sheet
    assert "abc" in sheet


def test_the_page_needs_nothing_else() -> None:
    told = page(full(), "zh_CN")
    assert not re.findall(r"(?:src|href)=\"(?!#)", told)
    assert "http" not in re.sub(r"<svg.*?</svg>", "", told, flags=re.DOTALL)
    assert told.count("<svg") == 3


def test_every_word_is_translated() -> None:
    source = Path(report_page.__file__).read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    said = {
        call.args[0].value
        for call in calls
        if (isinstance(call.func, ast.Name) and call.func.id == "text")
        or (isinstance(call.func, ast.Attribute) and call.func.attr == "text")
        if isinstance(call.args[0], ast.Constant)
    }
    assert len(said) > 60
    catalogue = translations("zh_CN", CATALOGUE)
    assert {message for message in said if catalogue.gettext(str(message)) == message} == {"%(currency)s %(amount)s"}


def test_a_difference_to_the_general_ledger_is_said_first() -> None:
    told = content(full(off=Decimal("12.34")), Wording("en", CATALOGUE), VARIABLES)
    assert told["tied"] == {
        "is_tied": False,
        "text": "Does not tie to the general ledger; difference: CNY 12.34.",
    }


def test_key_figures_and_their_change() -> None:
    told = content(full(), Wording("en", CATALOGUE), VARIABLES)
    key = {figure["label"]: (figure["value"], figure["note"]) for figure in told["key"]}
    assert key["DSO, count-back"] == ("40", "-3 since the last month end")
    assert key["Expected in 4 weeks"][0] == "CNY 4M"
    assert key["Open"] == ("CNY 40", "40% of it overdue")
