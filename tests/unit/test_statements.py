"""A statement as rows, pages and files: what is read, what must add up, words in both languages, glyphs, poison."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from huikuan.errors import FinanceError
from huikuan.finance import statement_mails, statement_page
from huikuan.finance.statement_files import Files, make_files
from huikuan.finance.statement_page import pages, wording_of
from huikuan.finance.statement_rows import Statement, accounts_of, read_statements
from huikuan.letters.facts import open_night
from huikuan.settings import INCLUDE
from tests.packet_samples import AS_OF, ENGLISH, KEY, LEDGER, RESULT, changed, night, updated
from tests.statement_samples import CHINESE, CUT_OFF, statement
from tests.statement_samples import ENGLISH as BRITISH

needs_fonts = pytest.mark.fonts
VALUES = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
LOCALES = pytest.mark.parametrize(("locale", "sender"), [("zh_CN", CHINESE), ("en", BRITISH)])

BALANCES: list[dict[str, Any]] = [
    {"open_amount": 15850, "free_credit": 1250},
    {"currency": "USD", "open_amount": 2000, "free_credit": 0},
    {"company_id": "GB", "account_id": "B-200", "currency": "GBP", "open_amount": 2000, "free_credit": 0},
]
STATUS: list[dict[str, Any]] = [
    {"stage": "M2", "risk_grade": "D", "exposure_functional": 30000},
    {"company_id": "GB", "account_id": "B-200", "stage": "M2", "risk_grade": "C", "exposure_functional": 2000},
]
ROLES = ("payer", "acceptor", "decision_maker")
ROWS = changed(RESULT, account_balance=BALANCES, account_status=STATUS)


def read(home: Path, key: tuple[str, str] = KEY, above: str = "0", **options: Any) -> Statement | FinanceError | None:
    made = open_night(*night(home, **{"result": ROWS, **options}))
    return read_statements(made, accounts_of(made, key[0]), Decimal(above), ROLES).get(key)


def good(found: Statement | FinanceError | None) -> Statement:
    assert isinstance(found, Statement), found
    return found


# --- rows ------------------------------------------------------------------------------------------------------------


def test_the_customer_can_follow_from_opening_to_closing(tmp_path: Path) -> None:
    made = good(read(tmp_path))
    yuan, dollar = made.parts
    assert made.cut_off == AS_OF
    assert [(item.number, item.open_amount, item.days_late) for item in yuan.items] == [
        ("INV-2", Decimal(4950), 60),
        ("INV-1", Decimal(10000), 30),
        ("INV-3", Decimal(900), 0),
    ]
    assert [(credit.kind, credit.number, credit.free_amount) for credit in yuan.credits] == [
        ("receipt", "RC-1", Decimal(1000)),
        ("credit_note", "CR-1", Decimal(250)),
    ]
    assert yuan.opening == Decimal(10000 + 5000 - 1000 - 250)
    assert [(move.kind, move.amount) for move in yuan.movements] == [
        ("invoice", Decimal(900)),
        ("write_off", Decimal(-50)),
    ]
    assert yuan.balance.owed == yuan.opening + 900 - 50 == Decimal(14600)
    assert (dollar.opening, dollar.balance.owed, dollar.movements) == (Decimal(2000), Decimal(2000), ())


def test_what_comes_after_the_cut_off_is_not_shown(tmp_path: Path) -> None:
    shown = repr(read(tmp_path))
    assert "RC-LATE" not in shown


def test_rows_that_do_not_add_up_are_left_for_a_person(tmp_path: Path) -> None:
    """A receipt that validation set apart is missing in the movements, or a night and a ledger of two days."""
    short = updated(ROWS, "account_balance", {"currency": "USD"}, open_amount=1999)
    found = read(tmp_path, result=short)
    assert isinstance(found, FinanceError)
    assert "does not add up in USD" in found.problem
    assert isinstance(read(tmp_path / "own", ENGLISH, result=short), Statement), "the others get theirs"
    moved = updated(ROWS, "account_balance", {"currency": "USD"}, free_credit=5)
    found = read(tmp_path / "moved", result=moved)
    assert isinstance(found, FinanceError)
    assert "opening and movements give 2000" in found.problem


@pytest.mark.parametrize(
    ("above", "exposure", "gets_one"),
    [("0", 30000, True), ("30000", 30000, False), ("29999.99", 30000, True), ("99999", None, True), ("0", 0, False)],
)
def test_who_owes_enough(tmp_path: Path, above: str, exposure: int | None, gets_one: bool) -> None:
    """The amount must be more than the policy's; an account whose rate is missing gets one whatever it owes."""
    rows = updated(ROWS, "account_status", {"stage": "M2", "risk_grade": "D"}, exposure_functional=exposure)
    assert (read(tmp_path, above=above, result=rows) is not None) is gets_one


@pytest.mark.parametrize("status", ["insolvent", "closed"])
def test_who_gets_none_whatever_is_owed(tmp_path: Path, status: str) -> None:
    assert read(tmp_path, ledger=updated(LEDGER, "account", {"account_id": "A-100"}, status=status)) is None


def test_the_payer_comes_first_then_whoever_has_an_address(tmp_path: Path) -> None:
    contact = good(read(tmp_path)).contact
    assert contact is not None
    assert (contact.contact_id, contact.email) == ("K-3", "ap@a100.example")
    no_payer = updated(LEDGER, "contact", {"contact_id": "K-3"}, email=" ")
    assert good(read(tmp_path / "none", ledger=no_payer)).contact is None
    other = updated(no_payer, "contact", {"contact_id": "K-1"}, email="luo@a100.example")
    contact = good(read(tmp_path / "other", ledger=other)).contact
    assert contact is not None
    assert contact.contact_id == "K-1"
    assert good(read(tmp_path / "gb", ENGLISH)).contact is None, "never the address of another account"
    driver = updated(other, "contact", {"contact_id": "K-1"}, role="other")
    assert good(read(tmp_path / "driver", ledger=driver)).contact is None, "not a role that the policy names"


@pytest.mark.parametrize(("until", "held"), [(date(2026, 6, 30), False), (date(2026, 7, 1), True), (None, False)])
def test_who_must_not_be_contacted_yet_is_known(tmp_path: Path, until: date | None, held: bool) -> None:
    """The business date is the day after the cut-off: on the day itself one may write again."""
    ledger = updated(LEDGER, "account", {"account_id": "A-100"}, do_not_contact_until=until)
    found = good(read(tmp_path, ledger=ledger))
    assert found.cut_off == date(2026, 6, 29)
    assert found.held_until == (until if held else None)


@pytest.mark.parametrize(
    ("locale", "country", "expected"),
    [("en", "CN", "en"), ("zh-Hans", "GB", "zh_CN"), (None, "CN", "zh_CN"), (None, "GB", "en"), (None, None, "en")],
)
def test_the_customers_language(locale: str | None, country: str | None, expected: str) -> None:
    made = statement("en", 1)
    assert replace(made, account=replace(made.account, locale=locale, country=country)).locale == expected


# --- words -----------------------------------------------------------------------------------------------------------


def test_the_catalogue_holds_exactly_what_the_code_says() -> None:
    said = {
        str(message)
        for module in (statement_page, statement_mails)
        for _, message, _, _ in extract_from_file("python", str(module.__file__), keywords={"text": None})
    }
    with (INCLUDE / "locale" / "zh_CN" / "LC_MESSAGES" / "statements.po").open("rb") as file:
        catalogue = {str(entry.id): str(entry.string) for entry in read_po(file, locale="zh_CN") if entry.id}
    assert set(catalogue) == said
    for english, chinese in catalogue.items():
        assert chinese
        assert sorted(VALUES.findall(english)) == sorted(VALUES.findall(chinese)), english


# --- files -----------------------------------------------------------------------------------------------------------


def texts(files: Files) -> list[str]:
    """Text of each page without spaces: where a line broke does not matter."""
    reader = pypdf.PdfReader(BytesIO(files.pdf))
    return ["".join(page.extract_text().split()).replace("\u200b", "") for page in reader.pages]


@needs_fonts
@LOCALES
def test_one_page_and_twelve(locale: str, sender: Any) -> None:
    for items, count in ((6, 1), (370, 12)):
        made = statement(locale, items)
        files = make_files(made, sender)
        found = texts(files)
        content = pages(made, sender, files.number)
        assert (len(found), files.page_count) == (count, count)
        for number, text in enumerate(found, 1):
            start, middle, end = ("".join(part.split()) for part in content["page"])
            assert f"{start}{number}{middle}{count}{end}" in text
            assert files.number in text
        heads = "".join("".join(column["title"].split()) for column in content["parts"][0]["items"]["columns"][2:4])
        listed = [text for text in found if sum(item.number in text for item in made.parts[0].items if item.number) > 2]
        assert all(heads in text for text in listed[: max(1, count // 2)]), "the head is repeated"
        last = found[-1]
        for sentence in ("agrees", "differs", "silence", "back", "within", "stamp"):
            assert "".join(content["confirm"][sentence].split()) in last, sentence
        owed = wording_of(made).money(made.parts[0].balance.owed, made.parts[0].balance.currency)
        assert owed in last, "what is confirmed stands where it is signed"
        assert all(item.number in "".join(found) for item in made.parts[0].items if item.number)
        assert (content["confirm"]["last_page"].replace(" ", "") in found[0]) is (count > 1)


@needs_fonts
def test_silence_is_said_not_to_be_consent() -> None:
    assert "未回函不视为对上述金额的认可。" in texts(make_files(statement("zh_CN", 1), CHINESE))[-1]
    assert "Ifyoudonotreply,wedonottakethatasagreement." in texts(make_files(statement("en", 1), BRITISH))[-1]


@needs_fonts
def test_the_paper_says_in_how_many_days_to_answer() -> None:
    for days, english, chinese in (
        (10, "Pleaseanswerwithin10daysofreceivingit.", "请于收到本函后10日内回函。"),
        (1, "Pleaseanswerwithinadayofreceivingit.", "请于收到本函后一日内回函。"),
    ):
        assert english in texts(make_files(statement("en", 1), replace(BRITISH, reply_days=days)))[-1]
        assert chinese in texts(make_files(statement("zh_CN", 1), replace(CHINESE, reply_days=days)))[-1]


@needs_fonts
@LOCALES
def test_the_same_statement_is_the_same_bytes(locale: str, sender: Any) -> None:
    made = statement(locale, 12, currencies=("CNY", "JPY"))
    first, second = make_files(made, sender), make_files(made, sender)
    assert first == second
    other = make_files(replace(made, cut_off=date(2026, 5, 31)), sender)
    assert other.number != first.number


@needs_fonts
@pytest.mark.parametrize("name", ["Acme \u202egnp.exe", "𪚥", "half \ud800", "NUL \x00"])
def test_what_no_font_prints_is_refused_with_its_code(name: str) -> None:
    made = statement("zh_CN", 2)
    with pytest.raises(FinanceError, match=r"cannot be printed: U\+") as refused:
        make_files(replace(made, account=replace(made.account, name=name)), CHINESE)
    assert name not in str(refused.value)


@needs_fonts
@pytest.mark.parametrize(
    "name",
    ['#read("/etc/passwd")', "*bold* $x$ // gone?", "{{ conn.erp.password }}", "../../x", "x" * 40_000, "𠮷野家"],
)
def test_poisoned_text_is_text_on_paper(name: str) -> None:
    made = statement("en", 2)
    found = "".join(texts(make_files(replace(made, account=replace(made.account, name=name)), BRITISH)))
    assert "".join(name[:100].split()) in found
    assert "root:" not in found


@needs_fonts
def test_the_workbook_holds_typed_cells_and_no_formula() -> None:
    made = statement("en", 3, currencies=("GBP", "JPY"))
    attacked = replace(made, account=replace(made.account, name="=1+1"))
    content = make_files(attacked, BRITISH).workbook
    book = openpyxl.load_workbook(BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]
    items = book["Open items"]
    head = [cell.value for cell in items[1]]
    row = dict(zip(head, items[2], strict=True))
    assert (row["Open"].data_type, row["Due"].data_type, row["Number"].data_type) == ("n", "d", "s")
    total = sum(Decimal(str(line[head.index("Open")].value)) for line in items.iter_rows(2) if line[0].value == "GBP")
    assert total == made.parts[0].balance.open_amount
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert not [name for name in archive.namelist() if "external" in name.lower()]


@needs_fonts
def test_another_cut_off_is_said() -> None:
    assert CUT_OFF.isoformat().replace("-", "") in make_files(statement("en", 1), BRITISH).number
