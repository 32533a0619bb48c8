"""Statements as plain rows: a short one and a long one in each language, and a night that yields one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from huikuan.finance.statement_page import Sender
from huikuan.finance.statement_rows import Account, Balance, Contact, Credit, Item, Movement, Part, Statement

CUT_OFF = date(2026, 6, 30)
MONTH = date(2026, 6, 1)
CHINESE = Sender("华东恒启工业股份有限公司", "吴敏", "wu@example.test", 14)
ENGLISH = Sender("Northgate Supplies Ltd", "Amy Wu", "wu@example.test", 14)


def statement(locale: str, items: int, *, account_id: str = "A-100", currencies: tuple[str, ...] = ()) -> Statement:
    """A statement with so many open items in each currency, half of them of the month; everything adds up."""
    is_chinese = locale == "zh_CN"
    name = "杭州钱塘机电设备有限公司" if is_chinese else "O'Neill <Marine> & Sons"
    contact = Contact("K-3", "payer", "顾会计" if is_chinese else "Ms Moore", "ap@a100.example")
    parts = tuple(_part(currency, items) for currency in currencies or (("CNY",) if is_chinese else ("GBP",)))
    return Statement(
        key=("CN" if is_chinese else "GB", account_id),
        cut_off=CUT_OFF,
        account=Account(name, "active", locale, "CN" if is_chinese else "GB", Decimal(100000), True),
        contact=contact,
        parts=parts,
    )


def _part(currency: str, count: int) -> Part:
    items = tuple(sorted((_item(currency, n) for n in range(count)), key=lambda item: item.due_on))
    fresh = [item for item in items if item.issued_on is not None and item.issued_on >= MONTH]
    open_amount = sum((item.open_amount for item in items), Decimal(0))
    credit = Credit(currency, "receipt", f"RC-2606-{count:03}", date(2026, 6, 24), Decimal("3000"), Decimal("1250.50"))
    moves = [
        *(Movement(currency, item.issued_on, "invoice", item.number, item.amount) for item in fresh),
        Movement(currency, date(2026, 6, 18), "credit_note", "CN-2606-001", Decimal("-800")),
        Movement(currency, date(2026, 6, 24), "receipt", credit.number, Decimal("-3000")),
    ]
    movements = tuple(sorted(moves, key=lambda movement: str(movement.on_date)))
    balance = Balance(currency, open_amount, credit.free_amount)
    moved = sum((movement.amount for movement in movements), Decimal(0))
    return Part(balance, balance.owed - moved, items, (credit,), movements)


def _item(currency: str, n: int) -> Item:
    issued = date(2026, 6, 1) + timedelta(days=n % 28) if n % 2 else date(2026, 1, 5) + timedelta(days=n % 120)
    due = issued + timedelta(days=60)
    amount = Decimal(1200 + 37 * (n % 211)) + Decimal("0.35")
    return Item(
        document_id=f"D-{n:05}",
        seq=1 + n % 2 if n % 5 == 0 else 1,
        parts=2 if n % 5 == 0 else 1,
        number=f"INV-26{issued:%m}-{n:05}",
        kind="invoice" if n % 7 else "debit_note",
        is_retention=n % 15 == 10,
        issued_on=issued,
        due_on=due,
        currency=currency,
        amount=amount,
        open_amount=amount if n % 3 else (amount / 2).quantize(Decimal("0.01")),
        days_late=max((CUT_OFF - due).days, 0),
    )
