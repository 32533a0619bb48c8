"""A statement as plain data in the customer's language: for the template that lays it out, and for the workbook.

One place says what stands in which column, so that paper and workbook never tell two stories.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from huikuan.finance.statement_rows import Contact, Credit, Item, Movement, Part, Statement
from huikuan.letters.table import NONE, SHORT, Table, column, cut, iso, table
from huikuan.outreach.workbook import Sheet
from huikuan.wording import Wording

CATALOGUE = "statements"


@dataclass(frozen=True)
class Sender:
    """Whose statement it is: the company, the person of finance to whom it is returned, and in how many days."""

    company: str
    return_to: str
    return_address: str
    reply_days: int


def wording_of(statement: Statement) -> Wording:
    """The customer's language."""
    return Wording(statement.locale, CATALOGUE)


def pages(statement: Statement, sender: Sender, number: str) -> dict[str, Any]:
    """Everything that the template needs, as JSON types."""
    wording = wording_of(statement)
    text, day = wording.text, wording.day(statement.cut_off)
    return {
        "lang": "zh" if wording.locale == "zh_CN" else "en",
        "region": "cn" if wording.locale == "zh_CN" else "gb",
        "title": text("Statement of account"),
        "company": cut(sender.company, SHORT),
        "number": number,
        "number_label": text("Number"),
        "cut_off": day,
        "cut_off_label": text("Cut-off"),
        "running": f"{number} · {cut(statement.account.name, 60)}",
        "page": text("Page {page} of {pages}").replace("{pages}", "{page}").split("{page}"),
        "to": text("To: %(customer)s", customer=cut(statement.account.name, SHORT)),
        "to_rows": _addressee(statement, wording),
        "intro": [
            text("To reconcile our accounts, this is what our books show at the close of %(day)s.", day=day),
            text("It is not a demand for payment. If you have paid since the cut-off, please reply all the same."),
        ],
        "totals": _totals(statement, wording),
        "parts": [_part_tables(part, wording) for part in statement.parts],
        "confirm": _confirm(statement, sender, wording),
    }


def _addressee(statement: Statement, wording: Wording) -> list[tuple[str, str]]:
    contact = statement.contact
    return [
        (wording.text("Account"), cut(statement.key[1], SHORT)),
        (wording.text("Attention"), cut(contact.name, SHORT) if contact else wording.text("Accounts payable")),
    ]


def _totals(statement: Statement, wording: Wording) -> Table:
    code, *titles = balance_titles(wording)
    columns = [column(code, mm=14), *(column(title, align="right", fr=1) for title in titles)]
    rows = [_printed(balance_row(part), part.balance.currency, wording) for part in statement.parts]
    return table(columns, rows, NONE)


def balance_titles(wording: Wording) -> tuple[str, ...]:
    """Columns of the balances per currency."""
    text = wording.text
    return (
        text("Currency"),
        text("Opening"),
        text("Movements"),
        text("Open items"),
        text("Credits not applied"),
        text("Balance"),
    )


def balance_row(part: Part) -> tuple[Any, ...]:
    """A currency under ``balance_titles``, typed."""
    balance, owed = part.balance, part.balance.owed
    return (
        balance.currency,
        part.opening,
        owed - part.opening,
        balance.open_amount,
        -balance.free_credit,
        owed,
    )


def _part_tables(part: Part, wording: Wording) -> dict[str, Any]:
    text, currency = wording.text, part.balance.currency
    return {
        "currency": currency,
        "items": _table(
            item_columns(wording),
            [_printed(item_row(item, wording), currency, wording) for item in part.items],
            text("Open items, %(currency)s", currency=currency),
            _sum_row(text("Open items"), part.balance.open_amount, 7, 5, currency, wording),
        ),
        "credits": _table(
            credit_columns(wording),
            [_printed(credit_row(c, wording), currency, wording) for c in part.credits],
            text("Credits not applied, %(currency)s", currency=currency),
            _sum_row(text("Credits not applied"), part.balance.free_credit, 5, 4, currency, wording),
        ),
        "movements": _table(
            movement_columns(wording),
            [
                [text("Opening balance"), "", "", wording.money(part.opening, currency)],
                *(_printed(movement_row(m, wording), currency, wording) for m in part.movements),
            ],
            text("Movements of the month, %(currency)s", currency=currency),
            _sum_row(text("Closing balance"), part.balance.owed, 4, 3, currency, wording),
        ),
    }


Columns = tuple[tuple[str, int, bool], ...]
"""Title, width in mm (0: what is left), and whether it holds figures."""


def item_columns(wording: Wording) -> Columns:
    """Columns of the open items."""
    text = wording.text
    return (
        (text("Number"), 0, False),
        (text("Kind"), 27, False),
        (text("Issued"), 20, False),
        (text("Due"), 20, False),
        (text("Amount"), 29, True),
        (text("Open"), 29, True),
        (text("Days late"), 19, True),
    )


def item_row(item: Item, wording: Wording) -> tuple[Any, ...]:
    """An open item under ``item_columns``, typed."""
    number = item.number or item.document_id
    if item.parts > 1:
        number = f"{number} ({item.seq}/{item.parts})"
    kind = wording.text("Retention") if item.is_retention else kind_name(item.kind or "", wording)
    return number, kind, item.issued_on, item.due_on, item.amount, item.open_amount, item.days_late


def credit_columns(wording: Wording) -> Columns:
    """Columns of what is not applied yet."""
    text = wording.text
    return (
        (text("Number"), 0, False),
        (text("Kind"), 40, False),
        (text("Day"), 24, False),
        (text("Amount"), 32, True),
        (text("Not applied"), 32, True),
    )


def credit_row(credit: Credit, wording: Wording) -> tuple[Any, ...]:
    """A credit under ``credit_columns``, typed."""
    return credit.number, kind_name(credit.kind, wording), credit.on_date, credit.amount, credit.free_amount


def movement_columns(wording: Wording) -> Columns:
    """Columns of the month's movements."""
    text = wording.text
    return (
        (text("Kind"), 44, False),
        (text("Number"), 0, False),
        (text("Day"), 24, False),
        (text("Amount"), 34, True),
    )


def movement_row(movement: Movement, wording: Wording) -> tuple[Any, ...]:
    """A movement under ``movement_columns``, typed."""
    return kind_name(movement.kind, wording), movement.number, movement.on_date, movement.amount


def kind_name(kind: str, wording: Wording) -> str:
    """What a row is, in a word or two."""
    names = {
        "invoice": wording.text("Invoice"),
        "debit_note": wording.text("Debit note"),
        "credit_note": wording.text("Credit note"),
        "opening_balance": wording.text("Brought forward"),
        "receipt": wording.text("Payment received"),
        "write_off": wording.text("Adjustment"),
        "credit": wording.text("Payments and credit notes"),
    }
    return names[kind]


def _table(columns: Columns, rows: list[list[str]], title: str, total: list[str]) -> Table:
    made = [
        column(name, align="right" if is_figure else "left", **({"mm": mm} if mm else {"fr": 1}))
        for name, mm, is_figure in columns
    ]
    return table(made, [*rows, total], NONE, total=1, title=title) if rows else {}


def _sum_row(label: str, amount: Decimal, width: int, place: int, currency: str, wording: Wording) -> list[str]:
    row = [label, *[""] * (width - 1)]
    row[place] = wording.money(amount, currency)
    return row


def _printed(row: tuple[Any, ...], currency: str, wording: Wording) -> list[str]:
    """Typed cells as they stand on paper."""
    return [_cell(value, currency, wording) for value in row]


def _cell(value: Any, currency: str, wording: Wording) -> str:
    if isinstance(value, Decimal):
        return wording.money(value, currency)
    if isinstance(value, int):
        return wording.number(value) if value else NONE
    return cut(value, SHORT) if isinstance(value, str) else iso(value)


def _confirm(statement: Statement, sender: Sender, wording: Wording) -> dict[str, Any]:
    """The block that the customer fills in, stamps and sends back."""
    text = wording.text
    return {
        "title": text("Your reply"),
        "agrees": text("1. The balance is correct:"),
        "balances": [
            [part.balance.currency, wording.money(part.balance.owed, part.balance.currency)] for part in statement.parts
        ],
        "differs": text("2. The balance is not correct; it differs in:"),
        "stamp": text("Company stamp"),
        "signs": [text("Name and signature"), text("Date")],
        "last_page": text("The form for your reply is on the last page."),
        "silence": text("If you do not reply, we do not take that as agreement."),
        "back": text(
            "Please mark one of the two, stamp it, and return this statement to %(company)s, %(name)s, %(address)s.",
            company=cut(sender.company, SHORT),
            name=cut(sender.return_to, SHORT),
            address=cut(sender.return_address, SHORT),
        ),
        "within": _within(sender.reply_days, wording),
    }


def _within(days: int, wording: Wording) -> str:
    if days == 1:
        return wording.text("Please answer within a day of receiving it.")
    return wording.text("Please answer within %(days)s days of receiving it.", days=wording.number(days))


def sheets(statement: Statement, sender: Sender, number: str) -> list[Sheet]:
    """The workbook: what the paper shows, in typed cells."""
    wording = wording_of(statement)
    text = wording.text
    about: list[tuple[Any, ...]] = [
        (text("Number"), number),
        (text("Cut-off"), statement.cut_off),
        (text("From"), sender.company),
        (text("Customer"), statement.account.name),
        (text("Account"), statement.key[1]),
    ]
    found = [
        Sheet(text("Statement of account"), ((text("What"), 24), (text("Value"), 60)), about),
        _sheet(text("Balances"), balance_titles(wording), [balance_row(part) for part in statement.parts]),
    ]
    rows: list[tuple[str, Columns, list[tuple[Any, ...]]]] = [
        (text("Open items"), item_columns(wording), _of(statement, "items", item_row, wording)),
        (text("Credits not applied"), credit_columns(wording), _of(statement, "credits", credit_row, wording)),
        (text("Movements of the month"), movement_columns(wording), _of(statement, "movements", movement_row, wording)),
    ]
    titled = ((title, tuple(name for name, _, _ in columns), listed) for title, columns, listed in rows)
    return found + [_sheet(title, (text("Currency"), *names), listed) for title, names, listed in titled if listed]


def _of(statement: Statement, name: str, row: Any, wording: Wording) -> list[tuple[Any, ...]]:
    return [(part.balance.currency, *row(each, wording)) for part in statement.parts for each in getattr(part, name)]


def _sheet(title: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Sheet:
    return Sheet(title, tuple((name, max(12, 2 * len(name))) for name in names), rows, currency_column=0)


def greeting(contact: Contact | None, wording: Wording) -> str:
    """How a mail to this person begins."""
    name = cut(contact.name, 60) if contact else wording.text("Accounts payable")
    return wording.text("Dear %(name)s,", name=name)
