"""The finance report: one sheet in either language, every word translated, nothing of a ledger that is not text."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pypdf
import pytest

from huikuan.drawing import VARIABLES
from huikuan.finance import report_page
from huikuan.finance.report import CATALOGUE, page, pdf
from huikuan.finance.report_page import content
from huikuan.finance.report_rows import QUERIES
from huikuan.letters.table import NONE
from huikuan.wording import LOCALES, Wording, translations
from tests.report_samples import LONG, empty, full

POISON = "{{ 7*7 }}</td><script>a(1)</script>\r\n\u202e𠮷"


def pages_of(made: bytes) -> list[str]:
    return [" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(BytesIO(made)).pages]


def blocks_of(told: dict[str, Any]) -> dict[str, Any]:
    """Blocks by title."""
    return {block["title"]: block for cell in told["cells"] for block in cell}


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
    assert key["DSO, count-back"] == ("40.0", "-3 since month end")
    assert key["Expected in 4 weeks"][0] == "CNY 4M"
    assert key["Open"] == ("CNY 40", "40.0% of it overdue")


def asked(query: str, *statements: str) -> list[dict[str, Any]]:
    """What a query of the report finds about company C1 in a night of these tables."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA night")
        for statement in statements:
            connection.execute(statement)
        sql = (QUERIES / f"{query}.sql").read_text(encoding="utf-8")
        values = {"company": "C1", "rows": 8}
        found = connection.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


RATES = "CREATE TABLE company_rate AS SELECT 'C1' AS company_id, 'CNY' AS currency, CAST(1 AS DECIMAL(18, 8)) AS rate"


def expected(*rows: str) -> str:
    """A forecast of one week: currency, component, expected, actual."""
    return f"""CREATE TABLE night.cash_forecast AS
        SELECT 'C1' AS company_id, DATE '2026-08-31' AS made_on, DATE '2026-08-31' AS week_from, currency, component,
            CAST(expected AS DECIMAL(18, 4)) AS expected, CAST(actual AS DECIMAL(18, 4)) AS actual
        FROM (VALUES {", ".join(rows)}) AS v (currency, component, expected, actual)"""


def test_a_forecast_in_a_currency_without_a_rate_has_no_total() -> None:
    known = ("('CNY', 'promise', 100, NULL)", "('CNY', 'total', 100, 60)")
    both = [{"expected": Decimal(100), "actual": None}, {"expected": Decimal(100), "actual": Decimal(60)}]
    nothing = [{"expected": None, "actual": None}] * 2
    for rows, totals in (
        (known, both),
        ((*known, "('USD', 'promise', 0, NULL)", "('USD', 'total', 0, 0)"), both),
        ((*known, "('USD', 'promise', 5, NULL)", "('USD', 'total', 5, 0)"), nothing),
        ((*known, "('USD', 'promise', 0, NULL)", "('USD', 'total', 0, 7)"), nothing),
    ):
        found = asked("forecast", RATES, expected(*rows))
        assert [{name: row[name] for name in ("expected", "actual")} for row in found] == totals, rows


@pytest.mark.fonts
@pytest.mark.parametrize("locale", LOCALES)
def test_a_forecast_without_a_total_says_so(locale: str) -> None:
    figures = full()
    for row in figures.rows["forecast"]:
        row["expected"] = row["actual"] = None
    text = Wording(locale, CATALOGUE).text
    told = content(figures, Wording(locale, CATALOGUE), VARIABLES)
    block = blocks_of(told)[text("Expected receipts")]
    (key,) = (figure for figure in told["key"] if figure["label"] == text("Expected in 4 weeks"))
    assert (block["chart"], block["tables"][0]["rows"]) == ("", [])
    assert block["tables"][0]["empty"] == text("No exchange rate for a total.")
    assert key["value"] == NONE
    assert text("No exchange rate for a total.") in page(figures, locale)
    assert len(pages_of(pdf(figures, locale))) == 1


def test_overdue_behind_a_sanction_has_no_total_without_a_rate() -> None:
    found = asked(
        "sanctions",
        """CREATE TABLE night.account_flag AS SELECT 'C1' AS company_id, * FROM (VALUES
            ('A1', 'stop_supply', 'active'), ('A2', 'stop_supply', 'active'), ('A1', 'stop_service', 'active'),
            ('A2', 'stop_service', 'proposed'), ('A2', 'legal_referral', 'proposed')) AS v (account_id, flag, state)""",
        """CREATE TABLE night.account_status AS SELECT 'C1' AS company_id, * FROM (VALUES
            ('A1', CAST(50 AS DECIMAL(18, 4))), ('A2', NULL)) AS v (account_id, overdue_functional)""",
    )
    assert {row["flag"]: (row["active"], row["overdue"]) for row in found} == {
        "stop_supply": (2, None),
        "stop_service": (1, Decimal(50)),
        "legal_referral": (0, None),
    }


def performance(*rows: str) -> tuple[str, str]:
    """Reps R1 to R4 and their figures: rep, name, value, median, whether it is weak."""
    return (
        "CREATE TABLE night.rep AS SELECT id AS rep_id, 'Rep ' || id AS name"
        " FROM (VALUES ('R1'), ('R2'), ('R3'), ('R4')) AS v (id)",
        f"""CREATE TABLE night.rep_performance AS SELECT 'C1' AS company_id, rep_id, name,
            CAST(value AS DECIMAL(18, 4)) AS value, CAST(benchmark AS DECIMAL(18, 4)) AS benchmark, is_weak
        FROM (VALUES {", ".join(rows)}) AS v (rep_id, name, value, benchmark, is_weak)""",
    )


def test_the_weakest_habits_are_those_of_the_reps_with_the_most_overdue() -> None:
    found = asked(
        "habits",
        *performance(
            "('R1', 'overdue', 10, 20, FALSE)",
            "('R2', 'overdue', 900, 20, FALSE)",
            "('R3', 'overdue', NULL, 20, FALSE)",
            "('R1', 'terms_days', 90, 60, TRUE)",
            "('R2', 'terms_days', 72, 60, TRUE)",
            "('R2', 'ask_share_pct', 10, 60, TRUE)",
            "('R2', 'first_contact_days', 9, 0, TRUE)",
            "('R2', 'overdue_share_pct', 30, 30, FALSE)",
            "('R3', 'terms_days', 80, 60, TRUE)",
            "('R4', 'terms_days', 60, 60, FALSE)",
        ),
    )
    assert [(row["rep"], row["habit"], row["value"], row["benchmark"]) for row in found] == [
        ("Rep R2", "first_contact_days", 9, 0),  # from a median of nothing every way is far
        ("Rep R2", "ask_share_pct", 10, 60),
        ("Rep R1", "terms_days", 90, 60),
        ("Rep R3", "terms_days", 80, 60),
    ]


@pytest.mark.fonts
@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "52.5% of what your customers owe is overdue, usual is 31.3%. Begin with the largest items"),
        ("zh_CN", "您的客户欠款中逾期占52.5%，公司中位数为31.3%。请先催大额"),
    ],
)
def test_a_weak_rep_is_told_what_to_change(locale: str, sentence: str) -> None:
    figures, text = full(), Wording(locale, CATALOGUE).text
    weak = {"rep": "曹立新", "habit": "overdue_share_pct", "value": Decimal("52.4923"), "benchmark": Decimal("31.272")}
    figures.rows["habits"][0] = weak
    block = blocks_of(content(figures, Wording(locale, CATALOGUE), VARIABLES))[text("What reps can change")]
    assert block["tables"][0]["rows"][0][0] == "曹立新"
    assert sentence in block["tables"][0]["rows"][0][1]
    assert sentence in page(figures, locale)
    (sheet,) = pages_of(pdf(figures, locale))
    assert sentence.replace(" ", "") in sheet.replace(" ", "")
    figures.rows["habits"] = []
    assert text("No habit of a rep is far from what is usual.") in page(figures, locale)
    assert text("Said to the rep. Usual is the median of the company's reps.") not in page(figures, locale)


def test_shares_of_a_column_have_the_same_decimals() -> None:
    told = content(full(), Wording("en", CATALOGUE), VARIABLES)
    shares = [
        cell
        for block in blocks_of(told).values()
        for table in block["tables"]
        for row in table["rows"]
        for cell in row
        if re.fullmatch(r"[\d.,]+%", cell)
    ]
    assert len(shares) > 60
    assert {cell.rstrip("%")[-2] for cell in shares} == {"."}


def test_who_owes_without_a_rate_is_among_the_exposures() -> None:
    found = asked(
        "exposures",
        """CREATE TABLE night.account_status AS SELECT 'C1' AS company_id, 'R1' AS rep_id, 'A' AS risk_grade,
            DATE '2026-07-01' AS oldest_due_on, DATE '2026-09-01' AS business_date, * FROM (VALUES
            ('A1', CAST(50 AS DECIMAL(18, 4)), 50), ('A2', NULL, NULL), ('A3', 0, 0), ('A4', 70, 0))
            AS v (account_id, exposure_functional, overdue_functional)""",
        "CREATE TABLE night.account AS SELECT 'C1' AS company_id, id AS account_id, id AS name"
        " FROM (VALUES ('A1'), ('A2'), ('A3'), ('A4')) AS v (id)",
        "CREATE TABLE night.rep AS SELECT 'R1' AS rep_id, 'Rep' AS name",
        "CREATE TABLE night.account_flag AS SELECT 'C1' AS company_id, 'A1' AS account_id, 'stop_supply' AS flag,"
        " 'active' AS state",
    )
    assert [(row["account_id"], row["exposure_functional"], row["unrated"]) for row in found] == [
        ("A4", 70, 1),
        ("A1", 50, 1),
        ("A2", None, 1),
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_exposures_say_who_is_not_ranked(locale: str) -> None:
    figures, wording = full(), Wording(locale, CATALOGUE)
    message = "Customers who owe in a currency without an exchange rate come last: %(count)s."
    assert wording.text(message, count="3") in page(figures, locale)
    for row in figures.rows["exposures"]:
        row["unrated"] = 0
    blocks = blocks_of(content(figures, wording, VARIABLES))
    assert blocks[wording.text("Largest exposures")]["caption"] == ""
